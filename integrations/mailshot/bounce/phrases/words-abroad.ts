/** What mail systems write in one language, in single words: `composed.ts` puts them together. They may end within a word. */
export interface Words {
  /** Whom a mail is for, and where it goes. */
  users: readonly string[]
  senders: readonly string[]
  /** That there is nobody of that name, said before or behind it. */
  unknown: readonly string[]
  /** That there is no space left. */
  full: readonly string[]
  /** That there is none, said before it. */
  none: readonly string[]
  /** That it is there no more, or takes no mail any more. */
  closed: readonly string[]
}

/** By language. */
export const wordsAbroad: Readonly<Record<string, Words>> = {
  fr: {
    users: words(
      'utilisateur, destinataire, adresse, compte, boite, usager, abonne, correspondant, correspondan, titulaire',
    ),
    senders: words('expediteur, emetteur'),
    unknown: words(
      "inconnu, inexistant, n'existe, n existe, introuvable, invalide, incorrect, non trouve, pas trouve, errone, pas valide, supprime, non reconnu, pas reconnu, non repertorie, ne correspond, non attribue, non enregistre, pas enregistre, pas connu, ne connai, pas reference",
    ),
    full: words(
      'plein, sature, quota, depasse, espace insuffisant, trop plein, rempli, espace, limite de',
    ),
    none: words('aucun, pas de, personne de'),
    closed: words(
      "desactiv, suspend, bloqu, ferme, clotur, resili, plus attribu, plus activ, plus utilis, plus valide, plus valable, n'est plus, radie, n'a plus, expire, inactif, clos, supprim, quitte, abandonn, parti",
    ),
  },
  de: {
    users: words(
      'benutzer, empfanger, adresse, adressat, postfach, konto, anwender, mailadresse, emailadresse, mailbox, empfaenger, benutzerkonto, mailkonto, emailkonto, kundenkonto, mailpostfach, zielpostfach, zieladresse, person, teilnehmer, kunde',
    ),
    senders: words('absender'),
    unknown: words(
      'unbekannt, existiert nicht, existiert leider nicht, nicht bekannt, nicht gefunden, nicht vorhanden, gibt es nicht, ungultig, geloscht, nicht zugeordnet, gibt es bei, gibt es hier, gibt es leider, kennen wir nicht, kennt, nicht ermittelt, nicht ermittelbar, falsch, fehlerhaft, geloescht, ungueltig, entfernt, nicht vergeben, nicht eingerichtet, nicht registriert, nicht angelegt, nicht auffindbar, nicht verzeichnet, nicht zuzuordnen',
    ),
    full: words(
      'voll, uberfullt, uberschritten, ueberschritten, erschopft, quota, zuviele mails, kein platz, keinen platz, kein speicherplatz, speichergrenze, speicherlimit, kontingent, uberlauf, ueberfuellt, erschoepft',
    ),
    none: words('kein, niemand'),
    closed: words(
      'deaktiviert, gesperrt, geschlossen, gekundigt, abgeschaltet, stillgelegt, aufgelost, erloschen, abgemeldet, nicht mehr, abgelaufen, inaktiv, nicht aktiv, aufgeloest, gekuendigt, arbeitet nicht, aufgegeben, ausgeschieden, eingestellt, ausser betrieb',
    ),
  },
  es: {
    users: words('usuario, destinatario, direccion, cuenta, buzon, casilla, titular'),
    senders: words('remitente'),
    unknown: words(
      'desconocid, inexistente, no existe, no encontrad, no se encontro, no se encuentra, no se ha encontrado, no valid, no es valid, invalid, errone, incorrect, no registrad, eliminad, no reconocid, no localizad, no pertenece, no figura, no consta, no tenemos',
    ),
    full: words('llen, cuota, sin espacio, excedid, lleno, excede, sobrepas, limite de, super'),
    none: words('ningun, no hay'),
    closed: words(
      'baja, desactivad, deshabilitad, cancelad, cerrad, suspendid, bloquead, ya no, inactiv, expirad, caducad, abandon, clausurad',
    ),
  },
  pt: {
    users: words('usuario, utilizador, destinatario, endereco, conta, caixa'),
    senders: words('remetente'),
    unknown: words(
      'desconhecid, inexistente, nao existe, nao encontrad, nao foi encontrad, nao localizad, nao cadastrad, invalid, incorret, nao e valid, nao reconhecid, nao pertence, nao consta, nao registrad, nao temos',
    ),
    full: words(
      'chei, lotad, cota, quota, excedid, excedeu, sem espaco, esgotad, ultrapass, limite de',
    ),
    none: words('nenhum, nao ha'),
    closed: words(
      'desativad, cancelad, encerrad, suspens, bloquead, ja nao, nao esta ativ, inativ, nao existe mais, apagad, expirad, nao tem, removid, extint, fechad',
    ),
  },
  it: {
    users: words('utente, utilizzatore, destinatari, destin., indirizzo, casella'),
    senders: words('mittente'),
    unknown: words(
      'sconosciut, inesistent, non esist, non trovat, errat, non valid, non e valid, non presente, non riconosciut, non registrat, non conosciut, non appartiene, non risulta, non abbiamo',
    ),
    full: words(
      'pien, quota, superat, esaurit, spazio insufficiente, satur, limite di, superat, troppi messaggi',
    ),
    none: words('nessun'),
    closed: words(
      'disattivat, disabilitat, chius, cessat, sospes, bloccat, non e piu, non piu, dismess, inattiv, non ha piu, scadut, eliminat, rimoss, abbandon',
    ),
  },
  nl: {
    users: words(
      'gebruiker, ontvanger, adres, mailadres, emailadres, postvak, geadresseerde, postbus',
    ),
    senders: words('afzender'),
    unknown: words(
      'onbekend, bestaat niet, bestaat hier niet, niet gevonden, niet bekend, ongeldig, bestaat niet meer, kennen wij niet, niet herkend, niet aanwezig, niet geregistreerd, hoort niet, kennen we niet',
    ),
    full: words('vol, quota, quotum, overschreden, te vol, vol is, geen ruimte, limiet'),
    none: words('geen'),
    closed: words(
      'opgeheven, gesloten, geblokkeerd, uitgeschakeld, niet meer, niet actief, verwijderd, beeindigd, verlopen, heeft geen, vertrokken, afgesloten, stopgezet',
    ),
  },
  nordic: {
    users: words(
      'anvandare, mottagare, adress, mailadress, postadress, brevlada, postlada, bruger, modtager, bruker, mottaker, postkasse, konto',
    ),
    senders: words('avsandare, afsender, avsender'),
    unknown: words(
      'okand, ukendt, ukjent, finns inte, hittades inte, existerar inte, findes ikke, finnes ikke, ikke fundet, ikke funnet, eksisterer ikke, ogiltig, ugyldig, finns ej, kendes ikke, kjennes ikke, ikke kendt, ikke kjent, saknas, fandtes ikke, fantes ikke, inte kand, kunde inte hitta, kunne ikke finde, kunne ikke finne, inte registrerad, ikke registreret, ikke registrert, tillhor inte, tilhorer ikke, kanner inte, kender ikke, kjenner ikke',
    ),
    full: words(
      'full, fuld, overskred, fullt, fyldt, fylt, overskrid, overskred, slut pa utrymme, ingen plads, ingen plass',
    ),
    none: words('ingen, inget, intet'),
    closed: words(
      'avslut, stangd, stangt, sparra, inaktiv, upphort, nedlagt, lukket, sperret, slettet, deaktiver, opsagt, avaktiver, borttag, ikke laengere, ikke lenger, inte langre, utgatt, udlobet, utlopt, finns inte kvar, fjernet, avregistr, slutat, sluttet',
    ),
  },
  fi: {
    users: words('kayttaja, vastaanottaja, osoite, sahkopostiosoite, postilaatikko, tili'),
    senders: words('lahettaja'),
    unknown: words(
      'ei ole olemassa, ei loydy, ei loytynyt, tuntematon, ei tunneta, virheellinen, ei ole, ei tunnistet, ei tunnettu, ei rekisteroity, ei kuulu',
    ),
    full: words('taynna, ylittynyt, tila ei riita, ylittyi'),
    none: words('mitaan, kukaan'),
    closed: words('suljettu, poistettu, lakkautettu, ei ole enaa, kaytosta, passivoitu'),
  },
  pl: {
    users: words('uzytkownik, odbiorc, adres, konto, konta, skrzynk'),
    senders: words('nadawc'),
    unknown: words(
      'nie istnieje, nie znalezion, nieznan, nieprawidlow, niepoprawn, bledny, nie ma takiego, nie rozpoznan, nie odnalezion, nie figuruje, nieistniej, nie zarejestrowan, nie posiadamy, nie nalezy',
    ),
    full: words('peln, przepeln, przekroczon, miejsca, zapeln, limit, zapchan, brak wolnego'),
    none: words('brak, nie ma'),
    closed: words(
      'zablokowan, usuniet, zawieszon, wylaczon, nieaktywn, zamkniet, zlikwidowan, dezaktywowan, wygas, usunal, skasowan, rozwiazan',
    ),
  },
  cs: {
    users: words('uzivatel, prijemce, prijemca, adresa, schrank, ucet, konto, osoba'),
    senders: words('odesilatel, odosielatel'),
    unknown: words(
      'neexistuje, neznam, nenalezen, nebyl nalezen, neplatn, nenajden, nebyla nalezena, nalezen, neni znam, neregistrovan, nepatri, neevidujeme',
    ),
    full: words('pln, prekrocen, preplnen, zaplnen, plna, prekroc, kvot'),
    none: words('zadn, neni'),
    closed: words('zrusen, zablokov, deaktiv, smazan, uzavren, ukoncen'),
  },
  hu: {
    users: words('felhasznalo, cimzett, postafiok, fiok, cim'),
    senders: words('felado'),
    unknown: words(
      'nem letezik, ismeretlen, nem talalhato, ervenytelen, nincs ilyen, nem ismert, nem regisztralt',
    ),
    full: words('megtelt, betelt, tullepte'),
    none: words('nincs'),
    closed: words('megszunt, torolt, zarolt, letiltott, inaktiv, megszuntet'),
  },
  ro: {
    users: words('utilizator, destinatar, adresa, cont, casuta'),
    senders: words('expeditor'),
    unknown: words(
      'nu exista, necunoscut, inexistent, nu a fost gasit, invalid, nu este cunoscut, nu apartine, incorect',
    ),
    full: words('plin, depasit'),
    none: words('niciun, nicio'),
    closed: words('dezactivat, suspendat, inchis, sters, desfiintat'),
  },
  tr: {
    users: words('kullanici, alici, adres, hesap, posta kutusu, kota, kutu'),
    senders: words('gonderen, gonderici'),
    unknown: words(
      'bulunamadi, bilinmiyor, gecersiz, mevcut degil, tanimsiz, bulunmuyor, bulunamamistir, yok, tanimli degil, kayitli degil, taninmiyor, hatali, yanlis',
    ),
    full: words('dolu, asti, asildi, yetersiz, dolmus, doldu, dol'),
    none: words('hicbir'),
    closed: words('kapatil, kapali, silin, devre disi, askiya, pasif, iptal'),
  },
  ru: {
    users: words('пользовател, получател, адрес, ящик, абонент, аккаунт, учетн'),
    senders: words('отправител'),
    unknown: words(
      'не существу, не найден, неизвест, не зарегистр, не обнаруж, недействит, неверн, несуществ, нет такого, отсутству, удален, не знаем, нет в, не числится, не значится, не принадлежит, не известен, ошибочн, неправильн, таким именем нет, с таким именем',
    ),
    full: words(
      'переполнен, заполнен, квот, нет места, закончилось место, недостаточно места, превыш, лимит',
    ),
    none: words('нет, никто'),
    closed: words(
      'заблокирован, отключен, закрыт, деактивирован, не используется, приостановлен, больше не, неактив, удалил, нет больше, больше нет, ликвидирован, удален',
    ),
  },
  uk: {
    users: words('користувач, отримувач, одержувач, адрес, скриньк, обліков'),
    senders: words('відправник'),
    unknown: words('не існу, не знайден, невідом, недійсн, не зареєстр, немає такого'),
    full: words('переповнен, квот'),
    none: words('немає'),
    closed: words('заблокован, вимкнен, закрит, видален'),
  },
  ja: {
    users: words('宛先, 受信者, ユーザ, アドレス, メールボックス, アカウント, 送信先, 会員'),
    senders: words('送信者, 送信元, 差出人'),
    unknown: words(
      '存在しま, 存在しない, 見つかり, 見つから, 不明, 無効, 正しくありません, 間違, 存在いたしません, ありません, 該当, 誤, 未登録, 登録されて',
    ),
    full: words('一杯, いっぱい, 満杯, 容量, 上限, 超過, 超え, オーバー'),
    none: words('該当する'),
    closed: words(
      '停止, 閉鎖, 削除, 廃止, 解約, 退会, 使われて, 使用されて, 利用されて, ご利用いただけ, 抹消',
    ),
  },
  zh: {
    users: words(
      '用户, 用戶, 收件人, 收信人, 邮箱, 郵箱, 信箱, 帐号, 账号, 帳號, 使用者, 地址, 帐户, 账户, 会员',
    ),
    senders: words('发件人, 发信人, 寄件'),
    unknown: words(
      '不存在, 未找到, 找不到, 无效, 無效, 错误, 有误, 未开通, 不正确, 未注册, 已注销, 无此, 没有, 不存, 查无, 非法, 未登记',
    ),
    full: words('已满, 已滿, 空间不足, 容量, 超出, 满, 超限, 不足, 超过'),
    none: words('没有, 無, 查无'),
    closed: words(
      '停用, 禁用, 注销, 註銷, 冻结, 凍結, 关闭, 關閉, 已删除, 锁定, 鎖定, 过期, 休眠, 已停, 删除, 刪除',
    ),
  },
  ko: {
    users: words('사용자, 수신자, 받는, 주소, 계정, 메일함, 편지함, 회원'),
    senders: words('발신자, 보낸 사람, 보낸사람, 보내는'),
    unknown: words(
      '존재하지, 찾을 수 없, 잘못, 올바르지, 유효하지, 없는, 없습니다, 없음, 가입되지, 등록되지, 알 수 없',
    ),
    full: words('가득, 용량, 초과, 꽉, 부족'),
    none: words('없는'),
    closed: words('정지, 탈퇴, 삭제, 휴면, 차단, 해지, 사용하지 않, 사용되지 않'),
  },
}

/** A list written in one string. */
export function words(list: string): string[] {
  return list.split(', ')
}
