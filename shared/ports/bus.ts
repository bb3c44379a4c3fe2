/** One thing that happened to a connection. Never holds a credential. */
export interface ConnectionEvent {
  /** Unique per event, and the same for every delivery, so that consumers can deduplicate by it. */
  readonly event_id: string;
  readonly type:
    | 'connection.created'
    | 'connection.updated'
    | 'connection.tested'
    | 'connection.deleted'
    | 'connection.restored';
  readonly at: string;
  readonly org_id: string;
  readonly environment_id: string;
  /** The public id, `conn_…`. */
  readonly connection_id: string;
  /** The connection's version. It orders the events of one connection. */
  readonly version: number;
  readonly status: string;
  /** Whether a test should follow. */
  readonly test: boolean;
}

/** Publishes events. */
export interface Bus {
  /** Puts all events, at most 100, or throws. */
  put(events: readonly ConnectionEvent[]): Promise<void>;
}
