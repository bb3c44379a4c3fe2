import { Problem } from '../../problem.ts';

/**
 * Checks the packets of a result set by their first bytes: a column count, the column definitions, an end, the rows, an end. It refuses too
 * many columns and more than one result: the driver generates a function for as many columns as the server claims, and reads results for as
 * long as the server announces more.
 * https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_com_query_response_text_resultset.html
 */
export const createMysqlResultChecker = () => {
  let part: 'none' | 'head' | 'columns' | 'end of columns' | 'rows' = 'none';
  let columns = 0;

  const checkHead = ([first = 0, low = 0, high = 0]: Iterable<number>) => {
    part = 'none';
    if (first === MYSQL_OK_PACKET || first === MYSQL_ERROR_PACKET) return;
    columns = first === MYSQL_TWO_BYTE_COUNT ? low + high * 256 : first;
    if (first > MYSQL_TWO_BYTE_COUNT || first === MYSQL_LOCAL_FILE_PACKET || columns > MAX_MYSQL_COLUMNS)
      throw createMysqlResultProblem();
    part = 'columns';
  };
  const checkEnd = ([first, , , status = 0]: Iterable<number>) => {
    if (first === MYSQL_END_PACKET && (status & MYSQL_MORE_RESULTS_FLAG) !== 0)
      throw createMysqlResultProblem();
    if (first === MYSQL_END_PACKET || first === MYSQL_ERROR_PACKET) part = 'none';
  };
  return {
    /** To be called when a statement is sent. */
    begin: () => {
      part = 'head';
    },
    /** The number of first bytes that `see` needs of a packet of that length; 0 for a packet that needs no check. */
    wanted: (length: number): number =>
      part === 'none' || (part === 'rows' && length > MAX_MYSQL_END_BYTES) ? 0 : Math.min(length, 5),
    see: (head: Buffer) => {
      if (part === 'head') checkHead(head);
      else if (part === 'columns') {
        columns -= 1;
        if (columns === 0) part = 'end of columns';
      } else if (part === 'end of columns') part = 'rows';
      else checkEnd(head);
    },
  };
};

const [MYSQL_OK_PACKET, MYSQL_LOCAL_FILE_PACKET, MYSQL_TWO_BYTE_COUNT, MYSQL_END_PACKET, MYSQL_ERROR_PACKET] =
  [0x00, 0xfb, 0xfc, 0xfe, 0xff];
/** https://dev.mysql.com/doc/refman/8.4/en/column-count-limit.html */
const MAX_MYSQL_COLUMNS = 4096;
/** An end packet starts with the same byte as some rows, and is shorter than each of them. */
const MAX_MYSQL_END_BYTES = 8;
/** SERVER_MORE_RESULTS_EXISTS, in the low byte of the status of an end packet. */
const MYSQL_MORE_RESULTS_FLAG = 8;

const createMysqlResultProblem = () =>
  new Problem('protocol-mismatch', 'Expected the columns and rows of one statement');
