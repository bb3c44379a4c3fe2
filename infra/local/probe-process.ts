import { createDirectProbe } from '../../shared/runtime/direct-probe.ts';
import { serveProbe } from '../../shared/adapters/local/process-probe/serve-probe.ts';
// Loaded at the start, so that no call waits for it.
import '../../shared/domain/credentials/update-credentials.ts';
import '../../shared/domain/catalog/introspect.ts';
import '../../shared/domain/testing/run-test.ts';
import '../../shared/connectors/run-source-test.ts';

serveProbe((given) => createDirectProbe({ ...given, clock: Date.now }));
