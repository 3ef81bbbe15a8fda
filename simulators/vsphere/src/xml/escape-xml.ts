const UNSAFE = /[&<>"\r]|(?![\t\n])\p{Cc}|\p{Cs}|[\ufffe\uffff]/gu;
const REPLACEMENTS: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\r': '&#13;' };

/** Text fit for element content and quoted attributes. What XML 1.0 cannot carry becomes U+FFFD. */
export function escapeXml(text: string): string {
  return text.replaceAll(UNSAFE, (unsafe) => REPLACEMENTS[unsafe] ?? '\ufffd');
}
