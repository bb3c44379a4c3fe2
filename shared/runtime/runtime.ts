import type { Clock } from '../ports/clock.ts';
import type { Ports, Uses } from '../ports/ports.ts';
import type { Timer } from '../ports/timer.ts';
import type { DeploymentSettings } from '../settings.ts';

/** The environment of a process: AWS or a local server. Created once per process, on first use. */
export interface Runtime {
  readonly clock: Clock;
  /** The default is the system's. */
  readonly timer?: Timer;
  readonly settings: DeploymentSettings;
  /** Receives log lines. The default is standard output. */
  readonly writeLog?: (line: string) => void;
  /** The declared ports, created on first use and kept. Undeclared ports are not loaded. */
  ports(uses: Uses): Promise<Partial<Ports>>;
}
