/** One thing that happened to a connection. Names it, and never holds a credential. */
export interface ConnectionEvent {
  /** Unique per event, the same at every delivery; consumers deduplicate by it. */
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
  /** The outside id, `conn_…`. */
  readonly connection_id: string;
  /** The connection's version, which orders the events of one connection. */
  readonly version: number;
  readonly status: string;
  /** Whether a test is to follow. */
  readonly test: boolean;
}

/** Where events go out. */
export interface Bus {
  /** Puts them all, or throws; ≤ 100. */
  put(events: readonly ConnectionEvent[]): Promise<void>;
}
