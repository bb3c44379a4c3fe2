import type { Clock } from '../ports/clock.ts';
import type { Ports, Uses } from '../ports/ports.ts';
import type { Settings } from '../settings.ts';

/** Where a process runs: on AWS, or here. Made once per process, on first use. */
export interface Runtime {
  readonly clock: Clock;
  readonly settings: Settings;
  /** Where lines of the log go; left out, to standard output. */
  readonly writeLog?: (line: string) => void;
  /** The ports declared, made on first use and kept; what was not declared is not loaded. */
  ports(uses: Uses): Promise<Partial<Ports>>;
}
