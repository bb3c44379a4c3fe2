import { postgresqlReservedWords } from '../postgresql/reserved-words.ts';
import { createQuoter } from '../sql/create-quoter.ts';

/** https://docs.aws.amazon.com/redshift/latest/dg/r_pg_keywords.html, those that PostgreSQL does not reserve */
const redshiftReservedWords = `aes128 aes256 allowoverwrite backup blanksasnull bytedict bzip2 connect credentials cross current_user_id defrag
  deflate defraginit delta delta32k disable enable encode encrypt encryption explicit globaldict256 globaldict64k gzip identity
  ignore luns lzo lzop minus mostly16 mostly32 mostly8 new nulls off offline offset oid old open parallel partition percent
  permissions pivot qualify raw readratio recover rejectlog resort respect restore snapshot sysdate system tag tdes text255 text32k
  top truncatecolumns unpivot wallet without`;

export const { quoteName: quoteRedshiftName } = createQuoter({
  mark: '"',
  bare: /^[a-z_][a-z0-9_]*$/,
  reserved: `${postgresqlReservedWords} ${redshiftReservedWords}`,
});
