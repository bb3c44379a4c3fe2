import type { Vantage } from '../domain/testing/test-result.ts';
import type { Log } from '../log.ts';
import type { EgressPolicy } from '../network/egress.ts';
import type { Clock } from './clock.ts';
import type { Store } from './store.ts';
import type { Vault } from './vault.ts';

/** What the probe's operations need. */
export interface ProbeDependencies {
  readonly store: Store;
  readonly vault: Vault;
  readonly policy: EgressPolicy;
  /** Where this process runs, as test results report it. */
  readonly vantage: Vantage;
  readonly clock: Clock;
  /** Secrets that are read are hidden from this log. */
  readonly log: Log;
  /** The time limit of one introspection, in milliseconds. */
  readonly introspectionBudget?: number;
}
