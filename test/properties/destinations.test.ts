import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { scenario } from './destinations/draw.ts';
import type { ServerChange } from './destinations/scenario.ts';
import { runScenario } from './destinations/run.ts';
import { connectorTypes } from '../contracts/samples.ts';
import { startWorld, type World } from './destinations/world.ts';

/**
 * The number of runs for each connector. Set `DESTINATION_RUNS` for more, and `DESTINATION_SEED` to repeat a
 * run.
 */
const numRuns = Number(process.env['DESTINATION_RUNS'] ?? 60);
const seed = Number(process.env['DESTINATION_SEED'] ?? Date.now());

const kindsOf = ({ standIn }: World) =>
  (['own', 'registry', 'deployment'] as const).filter(
    (kind): kind is ServerChange['of'] => standIn[kind] !== undefined,
  );

describe('servers receive secrets only as their owners allowed', () => {
  test.each(connectorTypes)(
    'servers of %s',
    async (type) => {
      await using world = await startWorld(type);
      let received = 0;
      await fc.assert(
        fc.asyncProperty(scenario(world.connector, kindsOf(world)), async (drawn) => {
          const { violations, allowed, history } = await runScenario(world, drawn);
          received += allowed;
          expect(violations.length > 0 ? { violations, history } : {}).toEqual({});
        }),
        { numRuns, seed },
      );
      // Otherwise the run has checked nothing.
      expect(received).toBeGreaterThan(0);
    },
    120_000 + numRuns * 5000,
  );
});
