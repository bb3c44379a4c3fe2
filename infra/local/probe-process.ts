import { createDirectProbe } from '../../shared/adapters/direct-probe.ts';
import { serveProbe } from '../../shared/adapters/process-probe/serve.ts';
// Loaded at the start, so that no call waits for it.
import '../../shared/adapters/probe/credentials.ts';
import '../../shared/adapters/probe/introspect.ts';
import '../../shared/adapters/probe/test.ts';
import '../../shared/connectors/examine.ts';

serveProbe((given) => createDirectProbe({ ...given, clock: Date.now }));
