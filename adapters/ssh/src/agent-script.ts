/**
 * The other end of a channel: a loop in POSIX shell that stands on what every Debian has (dash, coreutils, util-linux). It reads requests from
 * its standard input and answers with frames of known length, so nothing that a command prints can be taken for a frame.
 *
 * Every command is a job with files of its own: `ID.s` what to do, `ID.i` its input, `ID.o` and `ID.e` its output, `ID.pid` its process group, `ID.rc`
 * its exit code and hundredths of a second. A job belongs to whoever makes `ID.lock`, which the kernel allows once: the same request may be
 * sent again after a link was cut, over another channel, and never runs twice.
 *
 * Jobs outlive the channel and this loop: nothing of theirs is connected to either.
 *
 * What only reads is asked within the loop instead (`ask`): no job, one file for the errors, and the output goes straight into the channel, ended
 * by a mark that only this one question has.
 *
 * Requests, one line each: `ask ID SCRIPT-LINES MARK` (then the lines; answer: the output, `MARK RC TOOK`, the errors, `MARK end`), `run ID MODE SCRIPT-LINES INPUT-BYTES WAIT OUT-OFFSET ERR-OFFSET CHUNK` (then the lines and the bytes), `poll ID - 0 0 WAIT
 * OUT-OFFSET ERR-OFFSET CHUNK`, `signal ID NAME`, `drop ID…`, `leave`. `WAIT` is in hundredths of a second; a job of the mode `act` or `quick` is
 * waited for as long as it takes. Answer: `MARK ID STATE RC TOOK OUT-SIZE OUT-BYTES ERR-SIZE ERR-BYTES`, then the bytes.
 *
 * Builtins wherever they do: on a busy host each process that is started costs more than all the rest.
 */
const LOOP = String.raw`
base=$1 mark=$2
umask 077
cd "$base" || exit 9
now() { read -r up rest </proc/uptime; up=${'$'}{up%.*}${'$'}{up#*.}; }
job() {
  now; from=$up
  ( if [ "$2" -gt 0 ]; then exec 3<"$1.i" >"$1.o" 2>"$1.e" <&3 3<&-; rm -f "$1.i"; else exec </dev/null >"$1.o" 2>"$1.e"; fi; . "./$1.s" ) &
  c=$!
  echo "$c" >"$1.pid"
  wait "$c"
  rc=$?
  now
  echo "$rc $((up - from))" >"$1.rc"
}
act() {
  ( if [ "$2" -gt 0 ]; then exec <"$1.i" >"$1.o" 2>"$1.e"; else exec </dev/null >"$1.o" 2>"$1.e"; fi; . "./$1.s" )
  echo "$? 0" >"$1.rc"
}
part() {
  [ "$2" -gt 0 ] || return 0
  if [ "$3" -eq 0 ]; then head -c "$2" "$1"; else tail -c "+$(($3 + 1))" "$1" | head -c "$2"; fi
}
answer() {
  state=running rc=0 took=0 n=0
  if [ ! -e "$1.lock" ]; then printf '%s %s gone 0 0 0 0 0 0\n' "$mark" "$1"; return; fi
  while [ ! -s "$1.rc" ] && [ "$n" -lt "$2" ]; do
    if [ "$n" -lt 20 ]; then sleep 0.02; n=$((n + 2)); else sleep 0.1; n=$((n + 10)); fi
  done
  if [ -s "$1.rc" ]; then state=ended; read -r rc took <"$1.rc"; fi
  os=0 es=0
  [ -s "$1.o" ] && os=$(wc -c <"$1.o")
  [ -s "$1.e" ] && es=$(wc -c <"$1.e")
  ol=$((os - $3)) el=$((es - $4))
  [ "$ol" -gt "$5" ] && ol=$5
  [ "$el" -gt "$5" ] && el=$5
  printf '%s %s %s %s %s %s %s %s %s\n' "$mark" "$1" "$state" "$rc" "$took" "$os" "$ol" "$es" "$el"
  part "$1.o" "$ol" "$3"
  part "$1.e" "$el" "$4"
}
run() {
  if [ "$4" -gt 0 ]; then
    head -c "$4" >"i.$$"
    [ "$(wc -c <"i.$$")" -eq "$4" ] || { rm -f "i.$$"; exit 0; }
  fi
  if ( set -C; : >"$1.lock" ) 2>/dev/null; then
    printf '%s' "$s" >"$1.s"
    [ "$4" -gt 0 ] && mv "i.$$" "$1.i"
    case $2 in
    act) act "$1" "$4" ;;
    quick) job "$1" "$4" <&- >&- 2>&- & wait "$!" ;;
    *) job "$1" "$4" <&- >&- 2>&- & ;;
    esac
  elif [ "$4" -gt 0 ]; then rm -f "i.$$"; fi
}
printf '%s ready\n' "$mark"
while read -r verb id rest; do
  case $verb in
  run)
    set -- $rest
    s= n=$2
    while [ "$n" -gt 0 ]; do
      IFS= read -r line || exit 0
      s="$s$line
"
      n=$((n - 1))
    done
    run "$id" "$1" "$2" "$3"
    answer "$id" "$4" "$5" "$6" "$7"
    ;;
  ask)
    set -- $rest
    s= n=$1
    while [ "$n" -gt 0 ]; do
      IFS= read -r line || exit 0
      s="$s$line
"
      n=$((n - 1))
    done
    now; from=$up
    ( eval "$s" ) </dev/null 2>"e.$$" &
    c=$!
    echo "$c" >"$id.pid"
    wait "$c"
    rc=$?
    now
    printf '\n%s %s %s\n' "$2" "$rc" "$((up - from))"
    [ -s "e.$$" ] && tail -c 65536 "e.$$"
    printf '\n%s end\n' "$2"
    ;;
  poll) set -- $rest; answer "$id" "$4" "$5" "$6" "$7" ;;
  signal)
    p= reached=0
    [ -s "$id.pid" ] && read -r p <"$id.pid"
    [ -n "$p" ] && kill -s "$rest" -- "-$p" 2>/dev/null && reached=1
    printf '%s %s done %s 0 0 0 0 0\n' "$mark" "$id" "$reached"
    ;;
  drop)
    set --
    for j in $id $rest; do set -- "$@" "$j.lock" "$j.s" "$j.i" "$j.o" "$j.e" "$j.pid" "$j.rc"; done
    rm -f -- "$@"
    printf '%s %s done 0 0 0 0 0 0\n' "$mark" "$id"
    ;;
  leave)
    for j in *.lock; do [ -e "$j" ] && [ ! -s "${'$'}{j%.lock}.rc" ] && exit 0; done
    cd / && rm -rf -- "$base"
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
