/** Servers send `/`, `\` and `%` in names as `%2f`, `%5c` and `%25`, and nothing else so. */
export function decodeName(name: string): string {
  return name.replace(/%(2f|5c|25)/gi, (code) => DECODED[code.toLowerCase()] ?? code);
}

/** The form in which a name is sent. */
export function encodeName(name: string): string {
  return name.replace(/[%/\\]/g, (character) => ENCODED[character] ?? character);
}

const DECODED: Readonly<Record<string, string>> = { '%2f': '/', '%5c': '\\', '%25': '%' };
const ENCODED: Readonly<Record<string, string>> = { '/': '%2f', '\\': '%5c', '%': '%25' };
