import type { Rule } from './rule.ts';

const AGAIN_HINT =
  'The host or the way to it has trouble; it is worth trying again in a while. A machine that has just been started needs a minute.';

/** Texts of OpenSSH 9 and newer. They count only with exit code 255; any other one is that of the remote command. */
export const SSH_RULES: readonly Rule[] = [
  {
    code: 'ssh.hostkey',
    class: 'security',
    pattern:
      /REMOTE HOST IDENTIFICATION HAS CHANGED|Host key verification failed|host key is known for|Host key for \S+ has changed|Host certificate|revoked host key/,
    cause: "The host's key is not the known one.",
    hint: 'Compare the fingerprint on the console of the host before you accept it. A machine that was installed anew has a new key.',
  },
  {
    code: 'ssh.auth',
    class: 'permanent',
    pattern:
      /Permission denied \(([^)]*)\)|Permission denied, please try again|Too many authentication failures|No more authentication methods|account (?:has expired|is (?:currently )?not available|is locked)|[Pp]assword has expired|UNPROTECTED PRIVATE KEY FILE|Load key "?([^"\n]*)"?: (?!Is a dir)/,
    cause: (match) => `The host does not let this user in${match[1] === undefined ? '' : ` (it offers: ${match[1]})`}.`,
    hint: 'Check user name and key. It is not tried again by itself, because some hosts lock out whoever tries too often.',
  },
  {
    code: 'ssh.algorithms',
    class: 'permanent',
    pattern: /Unable to negotiate with|no matching (?:key exchange method|host key type|cipher|MAC) found/,
    cause: 'Client and host have no algorithm in common.',
    hint: 'Update the older of the two.',
  },
  {
    code: 'ssh.usage',
    class: 'permanent',
    pattern:
      /Bad configuration option|bad configuration options|Bad owner or permissions on|unknown option|Bad port|illegal option|hostname contains invalid characters|Invalid multiplex command|Can't open user config file/,
    cause: 'The configuration or the arguments of ssh are wrong.',
    hint: 'Correct ~/.ssh/config or the command.',
  },
  {
    code: 'ssh.throttle',
    class: 'throttled',
    pattern: /Exceeded MaxStartups|Not allowed at this time|exceeded MaxSessions|Too many (?:connections|logins)/i,
    cause: 'The host takes no more connections just now.',
    hint: 'Wait a minute, then try again with fewer at once.',
  },
  {
    code: 'ssh.booting',
    class: 'transient',
    pattern: /System is (?:booting up|going down)|pam_nologin|Unprivileged users are not permitted to log in yet/,
    cause: 'The host is starting or stopping.',
    hint: AGAIN_HINT,
  },
  {
    code: 'ssh.transport',
    class: 'transient',
    pattern:
      /Could not resolve hostname (\S+?):|Connection (?:refused|timed out|reset|closed|aborted)|No route to host|Network is (?:unreachable|down)|Host is (?:down|unreachable)|Operation timed out|kex_exchange_identification|banner exchange|ssh_exchange_identification|Timeout, server \S+ not responding|Broken pipe|send disconnect|closed by remote host|packet_write_wait|message authentication code incorrect|Corrupted MAC|Bad packet length|ssh_dispatch_run_fatal|open failed|stdio forwarding failed|Unknown error|lost connection|Read from socket failed|mux_client|Session open refused|shell request failed/,
    cause: (match) =>
      match[1] === undefined ? 'The connection to the host failed or broke off.' : `The name ${match[1]} cannot be resolved.`,
    hint: AGAIN_HINT,
  },
];
