/**
 * The other end of a channel: a loop in POSIX shell that stands on what every Debian has (dash, coreutils, util-linux). It reads requests from
 * its standard input and answers with frames of known length, so nothing that a command prints can be taken for a frame.
 *
 * Every command is a job with a folder of its own: `s` what to do, `i` its input, `out`, `err`, `pid` (its process group), `rc` its exit code and
 * milliseconds. A job is started by whoever makes the folder `started`, which the kernel allows once: the same request may be sent again after
 * a link was cut, over another channel, and never runs twice.
 *
 * Jobs are sessions of their own: neither the end of the channel nor that of this loop reaches them.
 *
 * Requests, one line each: `run ID SCRIPT-BYTES INPUT-BYTES WAIT OUT-OFFSET ERR-OFFSET CHUNK` (then the bytes), `poll ID 0 0 WAIT OUT-OFFSET
 * ERR-OFFSET CHUNK`, `signal ID NAME`, `drop ID`. `WAIT` is in hundredths of a second. Answer: `MARK ID STATE RC TOOK-MS OUT-SIZE OUT-BYTES ERR-SIZE ERR-BYTES`,
 * then the bytes.
 */
const LOOP = String.raw`
base=$1 mark=$2
umask 077
cd "$base" || exit 9
runner='
d=$1
mkdir "$d/started" 2>/dev/null || exit 0
t=$(date +%s%N)
( exec 3<"$d/i" >"$d/out" 2>"$d/err"; rm -f "$d/i"; exec <&3 3<&-; . "$d/s" ) &
c=$!
echo "$c" >"$d/pid.new"; mv "$d/pid.new" "$d/pid"
wait "$c"
rc=$?
echo "$rc $(( ($(date +%s%N) - t) / 1000000 ))" >"$d/rc.new"; mv "$d/rc.new" "$d/rc"
'
answer() {
  d=$1 waits=$2 oo=$3 eo=$4 chunk=$5 state=running rc=0 took=0
  if [ ! -d "$d" ]; then printf '%s %s gone 0 0 0 0 0 0\n' "$mark" "$d"; return; fi
  n=0
  while [ ! -e "$d/rc" ] && [ "$n" -lt "$waits" ]; do
    if [ "$n" -lt 20 ]; then sleep 0.01; n=$((n + 1)); else sleep 0.1; n=$((n + 10)); fi
  done
  if [ -e "$d/rc" ]; then state=ended; read -r rc took <"$d/rc"; fi
  os=0 es=0
  [ -e "$d/out" ] && os=$(wc -c <"$d/out")
  [ -e "$d/err" ] && es=$(wc -c <"$d/err")
  ol=$((os - oo)) el=$((es - eo))
  [ "$ol" -gt "$chunk" ] && ol=$chunk
  [ "$el" -gt "$chunk" ] && el=$chunk
  printf '%s %s %s %s %s %s %s %s %s\n' "$mark" "$d" "$state" "$rc" "$took" "$os" "$ol" "$es" "$el"
  [ "$ol" -gt 0 ] && tail -c "+$((oo + 1))" "$d/out" | head -c "$ol"
  [ "$el" -gt 0 ] && tail -c "+$((eo + 1))" "$d/err" | head -c "$el"
  return 0
}
receive() {
  [ "$2" -gt 0 ] || { : >"$1"; return 0; }
  head -c "$2" >"$1"
  [ "$(wc -c <"$1")" -eq "$2" ] || { rm -f "$1"; exit 0; }
}
printf '%s ready\n' "$mark"
while read -r verb id a b waits oo eo chunk; do
  case $verb in
  run)
    receive "s.$$" "$a"
    receive "i.$$" "$b"
    mkdir "$id" 2>/dev/null
    if [ -d "$id/started" ]; then rm -f "s.$$" "i.$$"; else mv "s.$$" "$id/s"; mv "i.$$" "$id/i"; setsid sh -c "$runner" runner "$id" </dev/null >/dev/null 2>&1 & fi
    answer "$id" "$waits" "$oo" "$eo" "$chunk"
    ;;
  poll) answer "$id" "$waits" "$oo" "$eo" "$chunk" ;;
  signal)
    p= reached=0
    [ -e "$id/pid" ] && read -r p <"$id/pid"
    [ -n "$p" ] && kill -s "$a" -- "-$p" 2>/dev/null && reached=1
    printf '%s %s done %s 0 0 0 0 0\n' "$mark" "$id" "$reached"
    ;;
  drop)
    rm -rf -- "$id"
    printf '%s %s done 0 0 0 0 0 0\n' "$mark" "$id"
    ;;
  leave)
    cd / && for j in "$base"/*; do [ -d "$j/started" ] && [ ! -e "$j/rc" ] && exit 0; done
    rm -rf -- "$base"
    exit 0
    ;;
  esac
done
`;

export interface AgentOptions {
  /** Name of the executor's folder on the host; random, hexadecimal. */
  readonly session: string;
  /** Marks our lines among what rc files and banners print; random, hexadecimal. */
  readonly mark: string;
  readonly privilege: 'root' | 'login';
  /** False: the folder must be there already; a host that was restarted has lost it. */
  readonly isFirst: boolean;
}

/**
 * Fed to `sh` on the host. Its lines are constant but for random names: a process list shows no argument of anybody. Sends `MARK ready`, or
 * `MARK refused REASON`.
 */
export function createAgentScript({ isFirst, mark, privilege, session }: AgentOptions): string {
  const loop = `'${LOOP.replaceAll("'", String.raw`'\''`)}'`;
  const environment = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8';
  return `
refuse() { printf '${mark} refused %s\\n' "$1"; exit 0; }
set -f
loop=${loop}
become= home=$HOME
if [ "$(id -u)" != 0 ] && [ ${privilege} = root ]; then
  command -v sudo >/dev/null || refuse no-sudo
  sudo -n true 2>/dev/null || refuse sudo-asks
  become='sudo -n' home=/root
fi
enter='
umask 077
if [ "$(id -u)" = 0 ]; then parent=/run/breakwater-host; else parent=/tmp/breakwater-host-$(id -u); fi
base=$parent/${session}
if [ ${isFirst} = true ]; then
  mkdir -p "$parent" && [ -O "$parent" ] && [ ! -L "$parent" ] || { echo "${mark} refused no-folder"; exit 0; }
  find "$parent" -mindepth 1 -maxdepth 1 -mtime +7 -exec rm -rf -- {} +
  mkdir -p "$base" || { echo "${mark} refused no-folder"; exit 0; }
fi
[ -d "$base" ] || { echo "${mark} refused restarted"; exit 0; }
exec sh -c "$1" agent "$base" ${mark}
'
exec $become env -i ${environment} HOME="$home" sh -c "$enter" enter "$loop"
`;
}
