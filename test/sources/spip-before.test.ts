import { describe, expect, it } from 'vitest'
import { mysqlDump } from '../../integrations/mailshot/sources/mysql-dump.ts'
import { spip } from '../../integrations/mailshot/sources/spip.ts'
import type { TableValue } from '../../integrations/mailshot/sources/tables.ts'
import { describeImportSource } from '../import-contract.ts'
import { bytesOf, dumpOf } from './table-rows.ts'

const day = '2009-05-01 10:00:00'
const at = Date.UTC(2009, 4, 1, 10)

const since = '2026-01-31 00:00:00'
const people = [
  [1, 'Zoe@Example.org', 'Zoé "Z" Martin'],
  [2, 'broken@example.org'],
  [3, 'bob@example.org', 'Bob'],
  [4, 'eve@example.org', 'Eve'],
]

describeImportSource(
  'spip, of SPIP-Listes',
  () =>
    siteOf({
      spip_auteurs: ['id_auteur email nom', ...people],
      spip_auteurs_elargis: ['id_auteur spip_listes_format', [3, 'non']],
      spip_auteurs_listes: [
        'id_auteur id_liste date_inscription statut',
        [1, 4, since, 'valide'],
        [1, 5, since, 'valide'],
        [3, 4, since, 'valide'],
        [4, 5, since, 'a_valider'],
      ],
      spip_listes: ['id_liste titre lang', [4, 'weekly', 'fr'], [5, 'product', 'en']],
    }),
  { without: ['attributes'] },
)

describeImportSource(
  'spip, of SPIP-Lettres',
  () =>
    siteOf({
      spip_abonnes: ['id_abonne email nom', ...people],
      spip_abonnes_rubriques: [
        'id_abonne id_rubrique date_abonnement statut',
        [1, 3, since, 'valide'],
        [1, 4, since, 'valide'],
        [3, 3, since, 'valide'],
        [4, 4, since, 'a_valider'],
      ],
      spip_desabonnes: ['id_desabonne email', [1, 'bob@example.org']],
      spip_themes: [
        'id_theme id_rubrique titre lang',
        [1, 3, 'weekly', 'fr'],
        [2, 4, 'product', 'en'],
      ],
    }),
  { without: ['attributes'] },
)

describeImportSource(
  'spip, of CleverMail',
  () =>
    siteOf({
      spip_cm_lists: ['lst_id lst_name', [1, 'weekly']],
      spip_cm_subscribers: [
        'sub_id sub_email',
        [1, 'Zoe@Example.org'],
        [2],
        [3, 'bob@example.org'],
        [4, 'eve@example.org'],
      ],
      spip_cm_lists_subscribers: ['lst_id sub_id', [1, 1], [1, 3], [1, 4]],
    }),
  { without: ['name', 'lang', 'lists', 'pending', 'attributes'] },
)

describeImportSource(
  'spip, of MesAbonnes',
  () => siteOf({ spip_mesabonnes: ['id_abonne email nom', ...people] }),
  { without: ['lang', 'lists', 'pending', 'attributes'] },
)

describe('spip, before Mailsubscribers', () => {
  it('reads SPIP-Listes, and brings nobody back who was suspended', async () => {
    const site = siteOf({
      spip_auteurs: [
        'id_auteur email nom',
        [1, 'zoe@example.org', 'Zoé'],
        [2, 'bob@example.org', 'Bob'],
        [3, 'none@example.org', ''],
      ],
      spip_auteurs_elargis: ['id_auteur spip_listes_format', [1, 'html'], [2, 'non']],
      spip_auteurs_listes: [
        'id_auteur id_liste date_inscription statut',
        [1, 4, day, 'valide'],
        [1, 5, day, 'a_valider'],
        [2, 4, day, 'valide'],
        [1, 6, day, 'valide'],
      ],
      spip_listes: [
        'id_liste titre lang statut',
        [4, '10. weekly', 'fr', 'liste'],
        [5, 'product', 'fr', 'inact'],
        [6, 'gone', 'fr', 'poublist'],
      ],
      spip_courriers: [
        'id_courrier titre texte message_texte type statut total_abonnes nb_emails_envoyes nb_emails_non_envoyes nb_emails_echec date_debut_envoi date_fin_envoi',
        [7, 'Été', '<p>__bLg__12@A__bLg__x</p>', 'x', 'nl', 'publie', 2, 1, 0, 1, day, day],
        [8, 'Test', '', '', 'nl', 'redac', 0, 0, 0, 0, day, day],
      ],
      spip_auteurs_courriers: [
        'id_auteur id_courrier statut maj',
        [1, 7, 'envoye', day],
        [2, 7, 'echec', day],
        [3, 7, 'a_envoyer', day],
      ],
    })
    expect(await rowsOf(site)).toMatchObject([
      {
        email: 'zoe@example.org',
        name: 'Zoé',
        lang: 'fr',
        subscriptions: [
          { list: 'weekly', status: 'active', activeAt: at },
          { list: 'product', status: 'pending', askedAt: at },
        ],
      },
      { email: 'bob@example.org', subscriptions: [{ list: 'weekly', status: 'unsubscribed' }] },
    ])
    expect(await sendsOf(site)).toMatchObject([
      {
        id: 'listes-7',
        subject: 'Été',
        html: '<p>x</p>',
        status: 'done',
        startedAt: at,
        recipients: [
          'zoe@example.org sent',
          'bob@example.org failed',
          'none@example.org cancelled',
        ],
      },
    ])
  })

  it('reads SPIP-Lettres, with those it remembers as having left', async () => {
    const site = siteOf({
      spip_abonnes: [
        'id_abonne email nom',
        [1, 'zoe@example.org', 'Zoé'],
        [2, 'bob@example.org', ''],
      ],
      spip_abonnes_rubriques: [
        'id_abonne id_rubrique date_abonnement statut',
        [1, 3, day, 'valide'],
        [1, 4, day, 'a_valider'],
        [2, 3, day, 'valide'],
      ],
      spip_desabonnes: ['id_desabonne email', [1, 'Bob@example.org'], [2, 'gone@example.org']],
      spip_rubriques: ['id_rubrique titre', [3, 'Rubrique'], [4, 'product']],
      spip_themes: ['id_theme id_rubrique titre lang', [1, 3, 'weekly', 'fr']],
      spip_lettres: [
        'id_lettre titre message_html message_texte date_debut_envoi date_fin_envoi statut',
        [5, 'Été', '<p>x</p>', 'x', day, day, 'envoyee'],
        [6, 'Draft', '', '', day, day, 'brouillon'],
      ],
      spip_abonnes_lettres: [
        'id_abonne id_lettre statut maj',
        [1, 5, 'envoye', day],
        [2, 5, 'annule', day],
        [9, 5, 'envoye', day],
      ],
    })
    expect(await rowsOf(site)).toMatchObject([
      {
        email: 'zoe@example.org',
        subscriptions: [
          { list: 'weekly', status: 'active' },
          { list: 'product', status: 'pending' },
        ],
      },
      { email: 'bob@example.org', subscriptions: [{ list: 'weekly', status: 'unsubscribed' }] },
    ])
    expect(await Array.fromAsync(site.suppressions ?? [])).toMatchObject([
      { address: 'Bob@example.org', reason: 'unsubscribe' },
      { address: 'gone@example.org', reason: 'unsubscribe' },
    ])
    expect(await sendsOf(site)).toMatchObject([
      { id: 'lettres-5', recipients: ['zoe@example.org sent', 'bob@example.org cancelled'] },
    ])
  })

  it('reads the first SPIP-Lettres, whose letters were what one subscribed to', async () => {
    const site = siteOf({
      spip_abonnes: ['id_abonne email nom', [1, 'zoe@example.org', '']],
      spip_abonnes_lettres: ['id_abonne id_lettre date_inscription statut', [1, 5, day, 'valide']],
      spip_lettres: ['id_lettre titre statut', [5, 'weekly', 'publie']],
    })
    expect(await rowsOf(site)).toMatchObject([
      { subscriptions: [{ list: 'weekly', status: 'active', activeAt: at }] },
    ])
    expect(await sendsOf(site)).toEqual([])
  })

  it('reads CleverMail and MesAbonnes', async () => {
    const tables: Tables = {
      spip_cm_lists: ['lst_id lst_name', [1, 'weekly'], [2, 'product']],
      spip_cm_subscribers: ['sub_id sub_email', [1, 'zoe@example.org']],
      spip_cm_lists_subscribers: ['lst_id sub_id', [1, 1]],
      spip_cm_pending: ['lst_id sub_id pnd_action', [2, 1, 'subscribe'], [1, 1, 'unsubscribe']],
      spip_cm_posts: [
        'pst_id pst_subject pst_html pst_text pst_date_sent',
        [3, 'Été', '<p>@@NOM_LETTRE@@</p>', '', at / 1000],
      ],
      spip_cm_posts_done: ['pst_id sub_id', [3, 1]],
      spip_mesabonnes: [
        'id_abonne email nom date_modif statut',
        [1, 'bob@example.org', 'Bob', day, 'publie'],
      ],
    }
    // Its times are numbers, which no clock of a site changes; those of the other are texts.
    const site = siteOf(tables, 'Europe/Paris')
    expect(await rowsOf(site)).toMatchObject([
      {
        email: 'zoe@example.org',
        subscriptions: [
          { list: 'weekly', status: 'active' },
          { list: 'product', status: 'pending' },
        ],
      },
      {
        email: 'bob@example.org',
        subscriptions: [
          { list: 'Mes abonnes', status: 'active', activeAt: at - 2 * 60 * 60 * 1000 },
        ],
      },
    ])
    expect(await sendsOf(site)).toMatchObject([
      {
        id: 'clevermail-3',
        html: '<p>Été</p>',
        startedAt: at,
        finishedAt: at,
        recipients: ['zoe@example.org sent'],
      },
    ])
  })

  it('leaves them to Mailsubscribers and Mailshot, which took them over', async () => {
    const site = siteOf({
      spip_mailsubscribers: [
        'id_mailsubscriber email listes statut',
        [1, 'a@example.org', 'weekly', 'valide'],
      ],
      spip_mailshots: ['id_mailshot sujet statut', [1, 'Été', 'end']],
      spip_mesabonnes: ['email statut', ['bob@example.org', 'publie']],
      spip_lettres: ['id_lettre titre statut', [5, 'weekly', 'envoyee']],
    })
    expect(await rowsOf(site)).toMatchObject([{ email: 'a@example.org' }])
    expect(await sendsOf(site)).toMatchObject([{ id: '1' }])
  })
})

type Tables = Record<string, [columns: string, ...rows: TableValue[][]]>

function siteOf(tables: Tables, timeZone = 'UTC') {
  const named = Object.entries(tables).map(([table, [columns, ...rows]]) => [
    table,
    { columns: columns.split(' '), rows },
  ])
  const dump = mysqlDump(bytesOf(dumpOf(Object.fromEntries(named))), { name: 'spip.sql' })
  return spip(dump, { timeZone })
}

async function rowsOf(site: ReturnType<typeof siteOf>) {
  const entries = await Array.fromAsync(site)
  return entries.flatMap((entry) => ('row' in entry ? [entry.row] : []))
}

async function sendsOf({ history }: ReturnType<typeof siteOf>) {
  const sends = await Array.fromAsync(history?.sends() ?? [])
  return sends.map((send) => ({
    ...send,
    recipients: Array.from(send.recipients(), ({ email, status }) => `${email} ${status}`),
  }))
}
