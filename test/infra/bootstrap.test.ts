import { expect, test } from '@jest/globals';
import { readRegion } from '../../infra/bootstrap.ts';

test.each([
  [['-c', 'region=us-east-1'], {}, 'us-east-1'],
  [['--context', 'region=us-east-1', '-c', 'name=other'], { region: 'eu-west-1' }, 'us-east-1'],
  [['--context=region=ap-south-1'], {}, 'ap-south-1'],
  [['region=us-east-1'], {}, 'eu-central-1'],
  [[], { region: 'eu-west-1' }, 'eu-west-1'],
  [['-c', 'name=other'], {}, 'eu-central-1'],
])('bootstrap with %j prepares the region that the deployment uses', (args, context, region) => {
  expect(readRegion(args, context)).toBe(region);
});
