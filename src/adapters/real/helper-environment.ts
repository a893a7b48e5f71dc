/**
 * The environment of helper commands, without the socket of the service manager: udevadm would report its own errors there as the
 * daemon's (ERRNO=2, lab check of the service manager).
 */
export function helperEnvironment(): NodeJS.ProcessEnv {
  const { NOTIFY_SOCKET: _socket, WATCHDOG_USEC: _usec, WATCHDOG_PID: _pid, ...inherited } = process.env;
  return inherited;
}
