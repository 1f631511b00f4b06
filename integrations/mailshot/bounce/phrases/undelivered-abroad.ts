import type { Phrases } from '../phrase.ts'
import { eitherOrder } from './composed.ts'
import { words } from './words-abroad.ts'

/** A mail did not arrive, or not yet: each name for it with each word for that, in other languages than English. */
export const undeliveredAbroad: Phrases = [
  // fr
  ...eitherOrder(
    '…',
    words('message, mail, courriel, courrier, envoi, remise, distribution'),
    words(
      'pas pu, pas abouti, pas ete, echec, impossible, echou, non remis, non distribu, retourn, retard, revenu, renvoye',
    ),
  ),
  // de
  ...eitherOrder(
    '…',
    words('mail, nachricht, zustellung, sendung'),
    words(
      'nicht zugestellt, nicht zustell, nicht ausliefer, nicht zustellbar, nicht ausgeliefert, nicht ubermittelt, nicht weitergeleitet, nicht ubergeben, fehlgeschlagen, unzustellbar, gescheitert, verzogert, zuruck, kam nicht, nicht an',
    ),
  ),
  // es
  ...eitherOrder(
    '…',
    words('mensaje, correo, envio, entrega'),
    words(
      'no se pudo, no hemos, no logr, no pudo, no ha podido, no ha sido, no fue, no se ha, no se entreg, no se puede, no puede, fallid, fallo, error, imposible, devuelt, retras',
    ),
  ),
  // pt
  ...eitherOrder(
    '…',
    words('mensagem, mail, correio, entrega, envio'),
    words(
      'nao foi, nao pode, nao conseguimos, nao se conseguiu, nao entregue, falha, falhou, impossivel, devolvid, atras',
    ),
  ),
  // it
  ...eitherOrder(
    '…',
    words('messaggio, mail, posta, consegna, recapito'),
    words(
      'non e stat, non siamo, non puo, non ha potuto, non consegnat, fallit, impossibile, non riuscit, ritard, restituit, tornat, rispedit',
    ),
  ),
  // nl
  ...eitherOrder(
    '…',
    words('bericht, mail, bezorging, aflevering'),
    words(
      'niet bezorgd, niet worden, niet afgeleverd, niet aankomen, kon niet, kan niet, mislukt, vertraagd, geretourneerd, retour, teruggestuurd, niet aan',
    ),
  ),
  // nordic
  ...eitherOrder(
    '…',
    words('meddelande, meddelelse, melding, mail, brev, epost, e-post, posten'),
    words(
      'inte levererat, inte leverera, inte kunnat, kunde inte, gick inte, kunne ikke, ikke leveret, ikke levert, blev ikke, ble ikke, misslyckades, mislykkedes, mislyktes, forsenad, forsinket, retur, kom ikke, kom inte',
    ),
  ),
  // fi
  ...eitherOrder(
    '…',
    words('viesti, posti, toimitus'),
    words('ei voitu, ei toimitettu, ei voi, ei saatu, epaonnistui, viivasty'),
  ),
  // et
  'kohaletoimetamatu',
  ...eitherOrder(
    '…',
    words('kiri, kirja, sonum, meil, kohaletoimetami'),
    words('nurjus, ebaonnestus, ei saadetud, ei toimetatud, ei saanud, ei onnestunud, viibi'),
  ),
  // pl
  ...eitherOrder(
    '…',
    words('wiadomosc, poczt, przesylk, list, email, doreczeni, dostarczeni'),
    words(
      'nie dostarczon, nie zostal, nie mogl, nie udalo, niedostarczon, nie doreczon, niepowodzeni, opozni, zwrot, zwrocon',
    ),
  ),
  // cs
  ...eitherOrder(
    '…',
    words('zprav, email, posta, doruceni'),
    words('nebyl, nepodaril, nelze, nemohl, nedoruc, selhal, zpozd, vracen, vratila'),
  ),
  // hu
  ...eitherOrder(
    '…',
    words('uzenet, level, kezbesit'),
    words(
      'nem sikerult, nem lehetett, nem kezbesit, sikertelen, kesleltet, visszaerkezett, visszakuld',
    ),
  ),
  // ro
  ...eitherOrder(
    '…',
    words('mesaj, email, livrare'),
    words('nu a putut, nu a fost, esuat, nelivrat, intarzi'),
  ),
  // tr
  ...eitherOrder(
    '…',
    words('ileti, posta, mesaj, gonderi'),
    words(
      'teslim edilemedi, ulastirilamadi, iletilemedi, gonderilemedi, ulasmadi, basarisiz, gecik, geri dondu, iade',
    ),
  ),
  // ru
  ...eitherOrder(
    '…',
    words('сообщен, письмо, письма, почт, доставк'),
    words(
      'не доставлен, не может быть, не удалось, невозможно, не было, не был, не смог, не получилось, недоставлен, задерж, возвращ, вернул',
    ),
  ),
  // uk
  ...eitherOrder(
    '…',
    words('повідомлен, лист, пошт'),
    words('не доставлен, не може бути, не вдалося, неможливо'),
  ),
  // ja
  ...eitherOrder(
    '…',
    words('メール, メッセージ, 配信, 送信'),
    words(
      'できませんでした, 遅れ, できません, 届きません, 届けられ, 失敗, 戻って, 遅延, 不達, エラー',
    ),
  ),
  // zh
  ...eitherOrder(
    '…',
    words('邮件, 郵件, 信件, 消息, 投递, 发送'),
    words('退回, 无法, 無法, 失败, 失敗, 未能, 不能, 延迟'),
  ),
  // ko
  ...eitherOrder(
    '…',
    words('메일, 메시지, 전송, 발송, 배달'),
    words('실패, 못했, 할 수 없, 되지 않, 반송, 지연'),
  ),
]
