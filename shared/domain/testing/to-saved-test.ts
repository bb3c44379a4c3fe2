import type { SavedTest } from '../../ports/probe.ts';
import type { TestMessage } from '../../ports/queue.ts';

/** The actor in audit records of tests that no caller requested. */
export const EVENT_ACTOR = 'mooring';

/** The test that a message of the queue requests. The message is not trusted: the probe reads the connection again. */
export const toSavedTest = ({
  org_id: org,
  environment_id: environment,
  connection_id: id,
  trigger,
  request_id,
  actor = EVENT_ACTOR,
  awaited,
  due,
  seq,
}: TestMessage): SavedTest => ({
  tenant: { org, environment },
  id,
  actor,
  request_id,
  trigger,
  ...(awaited !== undefined && { awaited }),
  ...(due !== undefined && { due }),
  ...(seq !== undefined && { seq }),
});
