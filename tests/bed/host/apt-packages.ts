export interface BedPackage {
  readonly name: string;
  readonly version: string;
  readonly fields?: Readonly<Record<string, string>>;
  /** Path without the first slash to content. */
  readonly files: Readonly<Record<string, string | { readonly randomBytes: number }>>;
  readonly conffiles?: readonly string[];
  /** `%SLOW%` is the number of seconds. Scripts run on the machine itself: they may touch only what is below `$DPKG_ROOT`. */
  readonly postinst?: string;
}

export const SLOW_POSTINST_SECONDS = 20;

const plain = (name: string, version: string, fields: Readonly<Record<string, string>> = {}): BedPackage => ({
  name,
  version,
  fields,
  files: { [`usr/share/${name}/version`]: `${version}\n` },
});

export const APT_PACKAGES: readonly BedPackage[] = [
  plain('bed-hello', '1.0'),
  plain('bed-hello', '2.0'),
  plain('bed-lib', '1.0'),
  plain('bed-app', '1.0', { Depends: 'bed-lib (>= 1.0)' }),
  plain('bed-needy', '1.0', { Depends: 'bed-not-there' }),
  plain('bed-rival', '1.0', { Conflicts: 'bed-hello' }),
  { ...plain('bed-thief', '1.0'), files: { 'usr/share/bed-hello/version': 'stolen\n' } },
  { ...plain('bed-failpost', '1.0'), postinst: 'echo "bed-failpost: this never works" >&2\nexit 3' },
  {
    ...plain('bed-slowpost', '1.0'),
    postinst: 'echo started > "$DPKG_ROOT/tmp/bed-slowpost"\nsleep %SLOW%\necho done > "$DPKG_ROOT/tmp/bed-slowpost"',
  },
  { ...plain('bed-conf', '1.0'), files: { 'etc/bed-conf.conf': 'level=1\n' }, conffiles: ['etc/bed-conf.conf'] },
  { ...plain('bed-conf', '2.0'), files: { 'etc/bed-conf.conf': 'level=2\n' }, conffiles: ['etc/bed-conf.conf'] },
  { ...plain('bed-large', '1.0'), files: { 'usr/share/bed-large/blob': { randomBytes: 3 * 1024 * 1024 } } },
];
