/** WGS-84 (what positions here are in) to GCJ-02 (what maps in mainland China are drawn in).
 *
 * GCJ-02 shifts each place by some 100–700 m with a formula that is public though never published officially:
 * a sum of sines, laid on the Krasovsky 1940 ellipsoid. Outside the mainland's box nothing is shifted.
 */

export interface Place {
  longitude: number;
  latitude: number;
}

const AXIS_M = 6_378_245;
const ECCENTRICITY_2 = 0.006_693_421_622_965_943;
const BOX = { west: 72.004, east: 137.8347, south: 0.8293, north: 55.8271 } as const;

function isInside({ longitude, latitude }: Place): boolean {
  return longitude >= BOX.west && longitude <= BOX.east && latitude >= BOX.south && latitude <= BOX.north;
}

/** The ripples that both directions share, along `a` (in units of π): amplitudes 20 and 20 at 6π and 2π. */
function fine(x: number): number {
  return ((20 * Math.sin(6 * Math.PI * x) + 20 * Math.sin(2 * Math.PI * x)) * 2) / 3;
}

function shiftNorth(x: number, y: number): number {
  const plane = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * Math.sqrt(Math.abs(x));
  const middle = ((20 * Math.sin(Math.PI * y) + 40 * Math.sin((Math.PI * y) / 3)) * 2) / 3;
  const long = ((160 * Math.sin((Math.PI * y) / 12) + 320 * Math.sin((Math.PI * y) / 30)) * 2) / 3;
  return plane + fine(x) + middle + long;
}

function shiftEast(x: number, y: number): number {
  const plane = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * Math.sqrt(Math.abs(x));
  const middle = ((20 * Math.sin(Math.PI * x) + 40 * Math.sin((Math.PI * x) / 3)) * 2) / 3;
  const long = ((150 * Math.sin((Math.PI * x) / 12) + 300 * Math.sin((Math.PI * x) / 30)) * 2) / 3;
  return plane + fine(x) + middle + long;
}

/** Return where a WGS-84 place lies in GCJ-02, degrees. */
export function toGcj02(place: Place): Place {
  if (!isInside(place)) return place;
  const [x, y] = [place.longitude - 105, place.latitude - 35];
  const phi = (place.latitude * Math.PI) / 180;
  const curve = 1 - ECCENTRICITY_2 * Math.sin(phi) ** 2;
  const metresNorth = (AXIS_M * (1 - ECCENTRICITY_2)) / curve ** 1.5;
  const metresEast = (AXIS_M / Math.sqrt(curve)) * Math.cos(phi);
  return {
    longitude: place.longitude + ((shiftEast(x, y) / metresEast) * 180) / Math.PI,
    latitude: place.latitude + ((shiftNorth(x, y) / metresNorth) * 180) / Math.PI,
  };
}

/** Return the WGS-84 place of one in GCJ-02, to some centimetres, by going back what going there shifts. */
export function fromGcj02(place: Place): Place {
  let found = place;
  for (let turn = 0; turn < 4; turn++) {
    const there = toGcj02(found);
    found = {
      longitude: found.longitude + place.longitude - there.longitude,
      latitude: found.latitude + place.latitude - there.latitude,
    };
  }
  return found;
}
