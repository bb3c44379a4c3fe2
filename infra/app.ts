import { join } from 'node:path';
import { App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { projectRoot } from './build/bundle.ts';
import { readDeployment } from './stacks/deployment.ts';
import { addStacks } from './stacks/add-stacks.ts';

/** The CDK app of `cdk synth` and `cdk deploy`. Run `npm run bundle` first. */
if (import.meta.main) {
  const app = new App({ analyticsReporting: false });
  await addStacks(app, { deployment: readDeployment(app.node), dist: join(projectRoot, 'dist') });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  app.synth();
}
