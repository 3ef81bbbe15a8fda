const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] as const;
/** Signature, and a whole IHDR chunk with its checksum: PNG specification, sections 5.2 and 11.2.1. */
const HEADER_BYTES = 33;
const IHDR = 0x49484452;
const IHDR_LENGTH = 13;

export type PngHeader = { readonly kind: 'png'; readonly width: number; readonly height: number } | { readonly kind: 'not-png' };

/** Reads a picture's size from its first bytes, without decoding anything. */
export function readPngHeader(bytes: Uint8Array): PngHeader {
  if (bytes.length < HEADER_BYTES || SIGNATURE.some((byte, index) => bytes[index] !== byte)) return { kind: 'not-png' };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(8) !== IHDR_LENGTH || view.getUint32(12) !== IHDR) return { kind: 'not-png' };
  return { kind: 'png', width: view.getUint32(16), height: view.getUint32(20) };
}
