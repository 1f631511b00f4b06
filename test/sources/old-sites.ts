import type { TableValue } from '../../integrations/mailshot/sources/tables.ts'
import type { SystemSource } from '../../integrations/mailshot/sources/tables/source.ts'

type Tables = Record<string, { columns: string[]; rows: TableValue[][] }>

const [start, end] = ['2019-03-01 10:00:00', '2019-03-01 11:00:00']

/** A site of SPIP, with all that is read of one. */
export const spipSite: Tables = {
  spip_mailsubscribers: {
    columns: words('id_mailsubscriber email nom optin date statut jeton lang'),
    rows: [
      [1, 'Zoé@Example.org', 'Zoé "Z" O\'Hara \\', 'oui', start, 'valide', 'jz', 'fr'],
      [2, 'bob@example.org', '', '', start, 'refuse', 'jb', null],
      [3, `${'0a'.repeat(16)}@example.org`, '', '', start, 'refuse', '', ''],
    ],
  },
  spip_mailsubscribinglists: {
    columns: words('id_mailsubscribinglist identifiant titre statut'),
    rows: [[3, 'weekly', 'Hebdo', 'ouverte']],
  },
  spip_mailsubscriptions: {
    columns: words('id_mailsubscriber id_mailsubscribinglist id_segment statut'),
    rows: [
      [1, 3, 0, 'valide'],
      [1, 3, 1, 'refuse'],
      [2, 3, 0, 'refuse'],
    ],
  },
  spip_mailshots: {
    columns: words(
      'id_mailshot sujet html listes total current failed nb_read date date_start statut',
    ),
    rows: [
      [4, 'Été', '<p>@nom@</p>', 'weekly', 2, 2, 0, 1, end, start, 'end'],
      [5, 'x', '', 'weekly', 9, 8, 1, 3, end, start, 'archive'],
    ],
  },
  spip_mailshots_destinataires: {
    columns: words('id_mailshot email date statut'),
    rows: [
      [4, 'bob@example.org', start, 'clic'],
      [4, 'zoe@example.org', end, 'fail'],
    ],
  },
}

/** An installation of phpList, with all that is read of one. */
export const phplistSite: Tables = {
  phplist_user_user: {
    columns: words('id email confirmed blacklisted disabled entered uniqid uuid'),
    rows: [
      [1, 'zoe@example.org', 1, 0, 0, start, 'u1', ''],
      [2, 'bob@example.org', 0, 1, 0, start, 'u2', null],
    ],
  },
  phplist_list: { columns: ['id', 'name'], rows: [[1, 'Été']] },
  phplist_listuser: {
    columns: words('userid listid entered'),
    rows: [
      [1, 1, end],
      [2, 1, end],
    ],
  },
  phplist_user_attribute: {
    columns: words('id name type tablename'),
    rows: [[1, 'City', 'select', 'city']],
  },
  phplist_listattr_city: { columns: ['id', 'name'], rows: [[7, 'Orléans']] },
  phplist_user_user_attribute: {
    columns: words('attributeid userid value'),
    rows: [[1, 1, '7']],
  },
  phplist_user_blacklist: { columns: ['email', 'added'], rows: [['gone@example.org', end]] },
  phplist_message: {
    columns: words('id subject fromfield message status sendstart sent processed viewed'),
    rows: [[4, 'x', 'News <a@b.org>', '<p>[NAME]</p>', 'sent', start, end, 2, 1]],
  },
  phplist_usermessage: {
    columns: words('messageid userid entered viewed status'),
    rows: [
      [4, 1, start, end, 'sent'],
      [4, 2, start, null, 'not sent'],
    ],
  },
}

/** All that a source gives, but for the lines, which only a file has. */
export async function allOf(source: SystemSource) {
  const sends = await Array.fromAsync(source.history?.sends() ?? [])
  const all = {
    people: await Array.fromAsync(source),
    suppressions: await Array.fromAsync(source.suppressions ?? []),
    sends: sends.map((send) => ({ ...send, recipients: [...send.recipients()] })),
  }
  const text = JSON.stringify(all, (key, value: unknown) => (key === 'line' ? 0 : value))
  const bare: typeof all = JSON.parse(text)
  return bare
}

function words(text: string): string[] {
  return text.split(' ')
}
