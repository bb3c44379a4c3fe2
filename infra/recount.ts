import { parseArgs } from 'node:util';
import { recountSummary } from '../shared/domain/summary/recount.ts';
import { tenantSegmentPattern } from '../shared/http/authenticate.ts';
import { openApiKeyLocation } from './api-key-location.ts';
import { describeFailure } from './describe-failure.ts';

/** `npm run recount`: corrects the health summary of a tenant from its connections, locally or on AWS. */
const runRecountCommand = async (): Promise<void> => {
  try {
    const { values } = parseArgs({ options: recountOptions });
    if (values.help) return void process.stdout.write(recountHelp);
    const tenant = {
      org: parseSegment('--org', values.org),
      environment: parseSegment('--environment', values.environment),
    };
    await using location = await openApiKeyLocation(values, process.env);
    const counted = await recountSummary(location.store, tenant, Date.now());
    process.stdout.write(`Counted ${counted} connections\n`);
    process.stderr.write(`${location.name}\n`);
  } catch (error) {
    process.stderr.write(`${describeFailure(error)}\n`);
    process.exitCode = 1;
  }
};

const recountOptions = {
  org: { type: 'string' },
  environment: { type: 'string', default: 'default' },
  local: { type: 'boolean' },
  aws: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const recountHelp = `npm run recount -- --org ORG [--environment default]

Corrects what GET /v1/health/connections answers for one tenant. It may run while connections change.

It uses the same place as npm run keys: the state folder (MOORING_STATE) or a table on AWS (--aws, MOORING_TABLE).
`;

const parseSegment = (option: string, text: string | undefined): string => {
  if (text === undefined || !tenantSegmentPattern.test(text))
    throw new Error(`${option}: expected up to 64 letters, digits, _ . or -`);
  return text;
};

await runRecountCommand();
