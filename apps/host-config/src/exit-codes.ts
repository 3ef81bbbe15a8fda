/** What the program ends with; scripts and timers rely on them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  /** `plan` only. */
  changesPending: 2,
  /** Done, except for optional parts. */
  degraded: 3,
  usage: 4,
  preflight: 5,
  lockWaitExpired: 6,
  /** `EX_TEMPFAIL` of sysexits: the same call may work later. */
  temporary: 75,
  /** As a shell tells of SIGINT. */
  interrupted: 130,
} as const;

const CODES: readonly (readonly [pattern: RegExp, exitCode: number])[] = [
  [/^HOST_(?:USAGE|CONFIG|PROFILE|MODULE|PLUGIN)_/, EXIT.usage],
  [/^HOST_PREFLIGHT_/, EXIT.preflight],
  [/^HOST_INTERRUPTED$/, EXIT.interrupted],
  [/^HOST_RUN_LOCKED$/, EXIT.lockWaitExpired],
];

export function toExitCode(errorCode: string): number {
  return CODES.find(([pattern]) => pattern.test(errorCode))?.[1] ?? EXIT.failed;
}
