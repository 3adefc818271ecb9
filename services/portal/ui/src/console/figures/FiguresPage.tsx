export default function FiguresPage(): null {
  return null;
}
