/** A browser's longest `Accept` has about 140 characters. */
const MAX_LENGTH = 1_000;

/** The codings or media types that an `Accept...` header names. A weight of zero forbids one; other weights do not outvote our order. */
export function readAcceptedNames(header: string | undefined): ReadonlySet<string> {
  const accepted = new Set<string>();
  if (header === undefined || header === '' || header.length > MAX_LENGTH) return accepted;
  for (const item of header.toLowerCase().split(',')) {
    const [name = '', ...parameters] = item.split(';').map((part) => part.trim());
    if (!parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter))) accepted.add(name);
  }
  return accepted;
}
