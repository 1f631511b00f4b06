/**
 * A plugin that sent newsletters before Mailsubscribers and Mailshot did. Its people are rows with the same columns whatever its tables
 * are: `key` (rows of one person stand together), `line`, `email`, `name`, `lang`, `list`, `place` (a status of ours), `at`. So are its
 * sends: `id`, `subject`, `html`, `text`, `startedAt`, `finishedAt`, `status`, `total`, `sent`, `failed`; and the recipients of the one
 * whose id is given: `email`, `status`, `at`. Times are texts by the site's clock, or for a send numbers: ms since 1970.
 */
export interface Ancestor {
  /** Part of the ids of its sends. */
  name: string
  /** The table that shows that it was there. */
  shownBy: string
  tables: Readonly<Record<string, readonly string[]>>
  people: string
  sends?: string
  recipients?: string
}

/** Suspended people (`format` is `non`) have left: the installer of Mailsubscribers brought them back. */
const listes: Ancestor = {
  name: 'listes',
  shownBy: 'auteurs_listes',
  tables: {
    auteurs: ['id_auteur integer', 'email', 'nom'],
    auteurs_elargis: ['id_auteur integer', 'spip_listes_format'],
    auteurs_listes: ['id_auteur integer', 'id_liste integer', 'date_inscription', 'statut'],
    listes: ['id_liste integer', 'titre', 'lang', 'statut'],
    courriers: [
      'id_courrier integer',
      'titre',
      'texte',
      'message_texte',
      'type',
      'statut',
      'total_abonnes integer',
      'nb_emails_envoyes integer',
      'nb_emails_non_envoyes integer',
      'nb_emails_echec integer',
      'date_debut_envoi',
      'date_fin_envoi',
    ],
    auteurs_courriers: ['id_auteur integer', 'id_courrier integer', 'statut', 'maj'],
  },
  people: `SELECT a.rowid AS key, a._line AS line, a.email, a.nom AS name, l.lang, l.titre AS list, p.date_inscription AS at,
      CASE WHEN e.spip_listes_format = 'non' THEN 'unsubscribed'
        WHEN coalesce(p.statut, 'valide') = 'valide' THEN 'active' ELSE 'pending' END AS place
    FROM auteurs a JOIN auteurs_listes p ON p.id_auteur = a.id_auteur JOIN listes l ON l.id_liste = p.id_liste
    LEFT JOIN auteurs_elargis e ON e.id_auteur = a.id_auteur
    WHERE coalesce(l.statut, '') <> 'poublist' ORDER BY a.rowid`,
  sends: `SELECT id_courrier AS id, titre AS subject, texte AS html, message_texte AS text, total_abonnes AS total,
      nb_emails_envoyes AS sent, coalesce(nb_emails_non_envoyes, 0) + coalesce(nb_emails_echec, 0) AS failed,
      date_debut_envoi AS startedAt, date_fin_envoi AS finishedAt,
      iif(statut IN ('publie', 'auto') OR nb_emails_envoyes + nb_emails_non_envoyes + nb_emails_echec >= total_abonnes,
        'done', 'cancelled') AS status
    FROM courriers WHERE total_abonnes > 0 AND type IN ('nl', 'auto') ORDER BY id_courrier`,
  recipients: `SELECT a.email, r.maj AS at,
      CASE r.statut WHEN 'envoye' THEN 'sent' WHEN 'echec' THEN 'failed' ELSE 'cancelled' END AS status
    FROM auteurs_courriers r JOIN auteurs a ON a.id_auteur = r.id_auteur WHERE r.id_courrier = ? ORDER BY r.rowid`,
}

/** Recipients whose person is gone are left out: the installer of Mailshot invented addresses for them. */
const lettres: Ancestor = {
  name: 'lettres',
  shownBy: 'abonnes',
  tables: {
    abonnes: ['id_abonne integer', 'email', 'nom'],
    abonnes_rubriques: ['id_abonne integer', 'id_rubrique integer', 'date_abonnement', 'statut'],
    // In the first versions this table held the subscriptions.
    abonnes_lettres: [
      'id_abonne integer',
      'id_lettre integer',
      'statut',
      'maj',
      'date_inscription',
    ],
    desabonnes: ['email'],
    rubriques: ['id_rubrique integer', 'titre'],
    themes: ['id_rubrique integer', 'titre', 'lang'],
    lettres: [
      'id_lettre integer',
      'titre',
      'message_html',
      'message_texte',
      'date_debut_envoi',
      'date_fin_envoi',
      'statut',
    ],
  },
  people: `SELECT a.rowid AS key, a._line AS line, a.email, a.nom AS name, t.lang, p.date_abonnement AS at,
      coalesce(t.titre, r.titre, 'rubrique ' || p.id_rubrique) AS list,
      CASE WHEN EXISTS (SELECT 1 FROM desabonnes d WHERE d.email = a.email COLLATE NOCASE) THEN 'unsubscribed'
        WHEN p.statut = 'valide' THEN 'active' ELSE 'pending' END AS place
    FROM abonnes a JOIN abonnes_rubriques p ON p.id_abonne = a.id_abonne
    LEFT JOIN themes t ON t.id_rubrique = p.id_rubrique LEFT JOIN rubriques r ON r.id_rubrique = p.id_rubrique
    UNION ALL SELECT a.rowid, a._line, a.email, a.nom, NULL, p.date_inscription, l.titre,
      CASE WHEN EXISTS (SELECT 1 FROM desabonnes d WHERE d.email = a.email COLLATE NOCASE) THEN 'unsubscribed'
        WHEN p.statut = 'valide' THEN 'active' ELSE 'pending' END
    FROM abonnes a JOIN abonnes_lettres p ON p.id_abonne = a.id_abonne AND p.date_inscription IS NOT NULL
    JOIN lettres l ON l.id_lettre = p.id_lettre
    ORDER BY 1`,
  sends: `SELECT l.id_lettre AS id, l.titre AS subject, l.message_html AS html, l.message_texte AS text, 0 AS total, 0 AS sent,
      0 AS failed, l.date_debut_envoi AS startedAt, l.date_fin_envoi AS finishedAt, 'done' AS status
    FROM lettres l WHERE l.statut = 'envoyee' ORDER BY l.id_lettre`,
  recipients: `SELECT a.email, r.maj AS at,
      CASE r.statut WHEN 'envoye' THEN 'sent' WHEN 'echec' THEN 'failed' ELSE 'cancelled' END AS status
    FROM abonnes_lettres r JOIN abonnes a ON a.id_abonne = r.id_abonne
    WHERE r.id_lettre = ? AND r.date_inscription IS NULL ORDER BY r.rowid`,
}

const cleverMail: Ancestor = {
  name: 'clevermail',
  shownBy: 'cm_subscribers',
  tables: {
    cm_lists: ['lst_id integer', 'lst_name'],
    cm_subscribers: ['sub_id integer', 'sub_email'],
    cm_lists_subscribers: ['lst_id integer', 'sub_id integer'],
    cm_pending: ['lst_id integer', 'sub_id integer', 'pnd_action'],
    cm_posts: ['pst_id integer', 'pst_subject', 'pst_html', 'pst_text', 'pst_date_sent integer'],
    cm_posts_done: ['pst_id integer', 'sub_id integer'],
  },
  people: `SELECT s.rowid AS key, s._line AS line, s.sub_email AS email, NULL AS name, NULL AS lang, l.lst_name AS list, NULL AS at,
      'active' AS place
    FROM cm_subscribers s JOIN cm_lists_subscribers p ON p.sub_id = s.sub_id JOIN cm_lists l ON l.lst_id = p.lst_id
    UNION ALL SELECT s.rowid, s._line, s.sub_email, NULL, NULL, l.lst_name, NULL, 'pending'
    FROM cm_subscribers s JOIN cm_pending p ON p.sub_id = s.sub_id JOIN cm_lists l ON l.lst_id = p.lst_id
    WHERE coalesce(p.pnd_action, '') NOT LIKE 'unsub%'
      AND NOT EXISTS (SELECT 1 FROM cm_lists_subscribers o WHERE o.sub_id = p.sub_id AND o.lst_id = p.lst_id)
    ORDER BY 1`,
  sends: `SELECT p.pst_id AS id, p.pst_subject AS subject, replace(p.pst_html, '@@NOM_LETTRE@@', p.pst_subject) AS html,
      replace(p.pst_text, '@@NOM_LETTRE@@', p.pst_subject) AS text, 0 AS total, 0 AS sent, 0 AS failed, 'done' AS status,
      p.pst_date_sent * 1000 AS startedAt, p.pst_date_sent * 1000 AS finishedAt
    FROM cm_posts p WHERE p.pst_date_sent > 0 ORDER BY p.pst_id`,
  recipients: `SELECT s.sub_email AS email, NULL AS at, 'sent' AS status
    FROM cm_posts_done r JOIN cm_subscribers s ON s.sub_id = r.sub_id WHERE r.pst_id = ? ORDER BY r.rowid`,
}

const mesAbonnes: Ancestor = {
  name: 'mesabonnes',
  shownBy: 'mesabonnes',
  tables: { mesabonnes: ['email', 'nom', 'date_modif', 'statut'] },
  people: `SELECT rowid AS key, _line AS line, email, nom AS name, NULL AS lang, 'Mes abonnes' AS list, date_modif AS at,
      iif(coalesce(statut, 'publie') = 'publie', 'active', 'unsubscribed') AS place
    FROM mesabonnes ORDER BY rowid`,
}

export const ancestors: readonly Ancestor[] = [listes, lettres, cleverMail, mesAbonnes]
