import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { App } from 'aws-cdk-lib';
import { readDeployment } from '../../infra/stacks/deployment.ts';
import { type FunctionPlan, planFunctions } from '../../infra/stacks/plan-functions.ts';
import { addStacks } from '../../infra/stacks/add-stacks.ts';
import type { Template } from './template.ts';

export type Context = Readonly<Record<string, unknown>>;

/** Synthesises deployments with stubs instead of bundles. The stubs exist while the tests of the file run. */
export const withStubs = () => {
  let dist = '';
  let plans: readonly FunctionPlan[] = [];
  beforeAll(async () => {
    dist = await mkdtemp(join(tmpdir(), 'mooring-stubs-'));
    plans = await planFunctions();
    for (const { bundle } of plans) {
      await mkdir(join(dist, bundle), { recursive: true });
      await writeFile(join(dist, bundle, 'index.mjs'), `// ${bundle}`);
    }
  });
  afterAll(() => rm(dist, { recursive: true, force: true }));

  const appOf = async (context: Context = {}) => {
    // Without an output folder the CDK leaves one in the temporary folder of the system.
    const outdir = await mkdtemp(join(dist, 'cdk.out-'));
    const app = new App({ analyticsReporting: false, context, outdir });
    await addStacks(app, { deployment: readDeployment(app.node), dist });
    return app;
  };
  return {
    dist: () => dist,
    plans: () => plans,
    appOf,
    synthesise: async (context?: Context): Promise<Readonly<Record<string, Template>>> => {
      const app = await appOf(context);
      const stacks = app
        .synth()
        .stacks.map(({ stackName, template }) => [stackName, template as Template] as const);
      return Object.fromEntries(stacks);
    },
  };
};
