/** Sources of apt in the one-line form, without those at one of `hosts`. */
export function removeHostsFromList(text: string, hosts: ReadonlySet<string>): string {
  return text
    .split('\n')
    .map((line) => {
      const url = /^\s*deb(?:-src)?\s+(?:\[[^\]]*\]\s+)?(\S+)/.exec(line)?.[1];
      return url !== undefined && hosts.has(toHost(url)) ? `# ${line}` : line;
    })
    .join('\n');
}

/** The same for the deb822 form: a stanza that is left without a URL is dropped. */
export function removeHostsFromStanzas(text: string, hosts: ReadonlySet<string>): string {
  return text
    .split(/\n(?:[ \t]*\n)+/)
    .map((stanza) => removeFromStanza(stanza, hosts))
    .filter((stanza) => stanza !== '')
    .join('\n\n');
}

function removeFromStanza(stanza: string, hosts: ReadonlySet<string>): string {
  // A field goes on over the lines that begin with a space.
  const field = /^URIs:((?:[^\n]*)(?:\n[ \t][^\n]*)*)/im.exec(stanza);
  if (field === null) return stanza;
  const urls = (field[1] ?? '').split(/\s+/).filter((url) => url !== '');
  const kept = urls.filter((url) => !hosts.has(toHost(url)));
  if (kept.length === urls.length) return stanza;
  return kept.length === 0 ? '' : stanza.replace(field[0], `URIs: ${kept.join(' ')}`);
}

function toHost(url: string): string {
  return /^[a-z+]{2,24}:\/\/(?:[^/@\s]*@)?(\[[0-9A-Fa-f:.]+\]|[^/:\s]+)/.exec(url)?.[1]?.toLowerCase() ?? '';
}
