/** Makes a photo small on the phone: 1,600 pixels at most, JPEG, without where and when (EXIF). */

const PIXELS_MAX = 1_600;
const QUALITY = 0.8;

export class NoPhotoError extends Error {}

/** Return the photo as JPEG; NoPhotoError when the phone cannot read it as an image. */
export async function shrink(file: Blob): Promise<ArrayBuffer> {
  let image: ImageBitmap;
  try {
    image = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    throw new NoPhotoError();
  }
  const scale = Math.min(1, PIXELS_MAX / Math.max(image.width, image.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(image.width * scale));
  canvas.height = Math.max(1, Math.round(image.height * scale));
  const draw = canvas.getContext("2d");
  if (!draw) throw new NoPhotoError();
  // What is transparent becomes white, not black.
  draw.fillStyle = "#fff";
  draw.fillRect(0, 0, canvas.width, canvas.height);
  draw.drawImage(image, 0, 0, canvas.width, canvas.height);
  image.close();
  const made = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
  if (!made || made.type !== "image/jpeg") throw new NoPhotoError();
  return made.arrayBuffer();
}
