import { hash } from 'node:crypto'
import { dumpOf } from '../sources/table-rows.ts'

export const manyPeople = 5_000
const day = '2019-01-31 10:00:00'

/** The dump of a site of SPIP: people, some of whom have left and one of whom is a hash alone, and what it sent them. */
export function manyRows(): string {
  const numbers = Array.from({ length: manyPeople }, (_, n) => n + 1)
  const emailOf = (n: number) => `reader${n}@example${n % 50}.net`
  const gone = `${hash('md5', 'gone@example.org')}@example.org`
  return dumpOf({
    spip_mailsubscribers: {
      columns: ['id_mailsubscriber', 'email', 'nom', 'optin', 'date', 'statut', 'jeton'],
      rows: [
        [0, gone, '', '', day, 'refuse', ''],
        ...numbers.map((n) => {
          const status = n % 7 === 0 ? 'refuse' : 'valide'
          return [n, emailOf(n), `Reader ${n}`, n % 2 === 0 ? 'oui' : '', day, status, `j${n}`]
        }),
      ],
    },
    spip_mailsubscribinglists: {
      columns: ['id_mailsubscribinglist', 'identifiant'],
      rows: [[3, 'weekly']],
    },
    spip_mailsubscriptions: {
      columns: ['id_mailsubscriber', 'id_mailsubscribinglist', 'id_segment', 'statut'],
      rows: numbers.map((n) => [n, 3, 0, 'valide']),
    },
    spip_meta: { columns: ['nom', 'valeur'], rows: [['secret_du_site', 'c0ffee'.repeat(11)]] },
    spip_mailshots: {
      columns: ['id_mailshot', 'sujet', 'html', 'date_start', 'date', 'statut'],
      rows: [[4, 'Été', '<p>@nom@</p>', day, day, 'end']],
    },
    spip_mailshots_destinataires: {
      columns: ['id_mailshot', 'email', 'date', 'statut'],
      rows: numbers.map((n) => [4, emailOf(n), day, ['sent', 'clic', 'fail'][n % 3] ?? '']),
    },
  })
}
