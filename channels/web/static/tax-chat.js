/*!
 * <tax-chat>: the hub's chat window as one dependency-free web component (ES2020, no build step).
 *
 *   <script src="https://hub.example/static/tax-chat.js" defer></script>
 *   <tax-chat></tax-chat>
 *
 * Attributes  hub, mode="launcher|page", theme="auto|light|dark", language="zh-Hans|zh-Hant|en", large, heading, bureau,
 *             attachments, nonce
 * Methods     open(), close(), ask(text)
 * Events      tax-chat-large {large}, tax-chat-language {language}, tax-chat-unread {count}
 *
 * Read it in this order: Words, Store, Api, Conversation and Tray (all state and network, no DOM), rendering of one message,
 * Dictation, TaxChat (the element), styles.
 */
(() => {
  'use strict';
  if (customElements.get('tax-chat')) return;

  const script = document.currentScript;
  const SCRIPT_ORIGIN = script && script.src ? new URL(script.src).origin : location.origin;
  const SCRIPT_NONCE = (script && script.nonce) || '';

  const POLL_MS = 3000;
  const PING_MS = 25000;
  const SILENCE_MS = 60000;
  const REPLY_EXPECTED_MS = 90000;
  const BANNER_DELAY_MS = 1200;
  const BACKOFF_CEILING_MS = 30000;
  const SERVER_ERROR_ATTEMPTS = 5;
  const MAX_TEXT = 2000;
  const MAX_FILES = 3;
  const MEGABYTE = 1024 * 1024;
  const IMAGE = /\.(jpe?g|png|webp|gif|bmp)$/i;
  const DOCUMENT = /\.(pdf|ofd|docx?|xlsx?|txt|csv|xml|zip)$/i;
  const TIME_ZONE = 'Asia/Shanghai';

  // ---------------------------------------------------------------------------------------------- Words

  /**
   * Every word of the interface, by language; {blanks} are filled in. Only the interface is translated: what is said in
   * the talk stays as it was written, and so does what the hub itself says (greeting, errors).
   */
  const WORDS = {
    'zh-Hans': {
      name: '简体中文',
      locale: 'zh-CN',
      launcher: '问税',
      launcher_label: '问税：打开智能咨询',
      launcher_unread: '问税：打开智能咨询，{n} 条未读消息',
      heading: '智能税务助手',
      greeting: '您好，我是智能税务助手。请直接输入您想问的税费问题。',
      disclaimer: '智能助手答复仅供参考，以正式文件和主管税务机关答复为准',
      sandbox: '演示环境',
      large: '大字',
      large_title: '大字显示',
      more: '更多操作',
      close: '关闭',
      cancel: '取消',
      done: '完成',
      online: '智能助手在线',
      with_agent: '人工坐席服务中',
      waiting_for_agent: '正在转接人工',
      network_lost: '网络已断开，正在重连…',
      server_lost: '服务暂时不可用，正在重连…',
      unreachable: '网络不通，请检查网络连接',
      unavailable: '服务暂时不可用，请稍后再试',
      log: '对话记录',
      talk: '对话内容',
      newer: '有新消息',
      suggestions: '大家常问',
      related: '相关问题',
      typing: '{who}正在输入',
      you: '您',
      bot: '智能助手',
      agent: '人工坐席',
      system: '系统提示',
      speaker: '{who}：',
      input: '请输入您的问题',
      placeholder: '请输入您的问题',
      send: '发送',
      human: '转人工',
      human_short: '人工',
      consent: '本服务由智能助手应答，对话内容加密保存，请勿输入密码、验证码。使用即表示同意',
      privacy: '《隐私说明》',
      consent_end: '。',
      attach: '选择附件',
      attachment: '附件',
      tray: '待发送的附件',
      file_format: '“{name}”的格式不能发送。可以发送图片、PDF、Word、Excel或OFD文件。',
      file_large: '“{name}”超过了{limit}MB，请压缩后再选择。',
      file_most: '一次最多发送{n}个附件。',
      file_uploading: '正在上传{name}',
      file_again: '重试',
      file_remove: '移除',
      file_remove_named: '移除{name}',
      file_sized: '{name}（{size}）',
      file_save: '保存附件',
      file_failed: '附件没有取到：{reason}',
      sending: '发送中',
      sent: '已送达',
      waiting: '待发送，网络恢复后自动发送',
      sent_in: '{reason}（{n} 秒后自动发送）',
      failed: '发送失败 点此重试',
      because: '（{reason}）',
      agent_here: '人工坐席正在为您服务，智能助手已暂停应答。',
      agent_coming: '正在为您转接人工，请稍候。',
      queued: '正在为您转接人工：前面还有 {n} 位。',
      queued_minutes: '正在为您转接人工：前面还有 {n} 位，预计等待 {minutes} 分钟。',
      next: '正在为您转接人工：您是下一位。',
      next_minutes: '正在为您转接人工：您是下一位，预计等待 {minutes} 分钟。',
      agent_left: '人工服务已结束，智能助手继续为您服务。',
      resolved: '本次咨询已结束。如有新的问题，可以继续提问。',
      basis: '依据 {n} 条',
      basis_untitled: '依据文件',
      basis_line: '依据：{title}',
      number: '文号',
      article: '条款',
      validity: '有效期',
      authority: '效力',
      from_to: '{from} 至 {to}',
      from_on: '{from} 至今',
      until: '至 {to}',
      law: '法律',
      administrative_regulation: '行政法规',
      department_rule: '部门规章',
      normative_document: '规范性文件',
      guidance: '工作指引',
      clear: '清空对话',
      clear_question: '清空这台设备上的对话？',
      clear_text: '将开始新的咨询。已保存的记录不会删除，清空后在这台设备上不能再查看。',
      clear_verb: '清空',
      download: '下载聊天记录',
      export: '导出我的记录',
      export_failed: '导出失败：{reason}',
      record: '税费咨询记录',
      record_number: '咨询编号：{id}',
      record_agent: '人工坐席 {name}',
      record_file: '咨询记录',
      erase: '删除我的记录',
      erase_question: '删除这次咨询的全部记录？',
      erase_text: '服务器和这台设备上的对话都会删除，不能恢复。',
      erase_verb: '删除',
      erased: '您的咨询记录已删除。',
      erase_failed: '删除失败：{reason}',
      rate: '评价服务',
      rate_agent: '请您评价刚才的人工服务',
      rate_question: '您对这次服务满意吗？',
      score_5: '非常满意',
      score_4: '满意',
      score_3: '基本满意',
      score_2: '不满意',
      score_1: '非常不满意',
      comment: '还想说点什么？（选填）',
      comment_label: '补充意见（选填）',
      rate_verb: '提交评价',
      rate_later: '暂不评价',
      rate_missing: '请先选择满意程度。',
      rated: '感谢您的评价。',
      rate_failed: '评价没有提交成功：{reason}',
      wechat: '在微信中继续',
      wechat_scan: '用微信“扫一扫”扫描二维码',
      wechat_agree: '在微信里回复“同意”',
      wechat_after: '之后的答复会发到微信，这里的记录仍然可以查看',
      wechat_code: '转到微信继续的二维码',
      wechat_making: '正在生成二维码…',
      wechat_left: '二维码剩余有效时间 {time}',
      wechat_renewed: '二维码已更新，请扫描新的二维码。',
      wechat_phone: '在手机上不方便扫码？请截屏后在微信“扫一扫”的相册中选择，或者',
      wechat_link: '用链接打开微信',
      wechat_failed: '二维码没有生成：{reason}',
      wechat_again: '重新获取二维码',
      wechat_carried: '咨询已转到微信继续',
      wechat_carried_text: '请到微信里接着说，后续答复会发到微信。在这里发消息，咨询就回到网页。',
      sms: '用短信继续',
      sms_text: '为在短信中继续本次咨询，把后续答复发送到您在本次对话中验证的手机号码。您可以随时回复TD停止接收，或在网页上发消息转回网页。',
      sms_verb: '同意并转到短信',
      sms_no_phone: '本次对话还没有验证手机号码。请先用短信验证码验证，再选“用短信继续”。',
      sms_verify: '去验证手机号码',
      sms_opted_out: '您验证的手机已退订短信。请先用这部手机向我们发给您的短信回复“恢复”，再试一次。',
      sms_failed: '没有转到短信：{reason}',
      sms_carried: '咨询已转到短信继续',
      sms_carried_text: '请查看尾号 {tail} 的手机收到的短信，直接回复即可接着说。在这里发消息，咨询就回到网页。',
      language: '语言',
      language_question: '选择界面语言',
      language_text: '只改变这个窗口的文字。请用中文提问，答复也是中文。',
      language_verb: '使用这种语言',
      language_offer: '以简体中文显示这个窗口',
      language_keep: '不用了',
      voice: '语音输入',
      voice_stop: '结束语音输入',
      voice_question: '用语音输入文字？',
      voice_text: '语音由您的浏览器转成文字，声音可能会交给浏览器的厂商处理，我们不接收也不保存声音。文字会先填入输入框，由您核对后发送。',
      voice_verb: '同意并开始',
      voice_listening: '正在听，请说普通话。说完后核对文字，再按“发送”。',
      voice_refused: '没有使用麦克风的权限。请在浏览器的网站设置中允许使用麦克风，再试一次，或直接输入文字。',
      voice_silent: '没有听到声音，请靠近麦克风再试一次。',
      voice_no_microphone: '没有找到可用的麦克风，请检查后再试，或直接输入文字。',
      voice_network: '语音识别需要联网，现在连接不上，请稍后再试，或直接输入文字。',
      voice_failed: '语音没有转成文字，请再试一次，或直接输入文字。',
    },
    'zh-Hant': {
      name: '繁體中文',
      locale: 'zh-HK',
      launcher: '問稅',
      launcher_label: '問稅：開啟智能諮詢',
      launcher_unread: '問稅：開啟智能諮詢，{n} 則未讀訊息',
      heading: '智能稅務助手',
      greeting: '您好，我是智能稅務助手。請直接輸入您想問的稅費問題。',
      disclaimer: '智能助手答覆僅供參考，以正式文件和主管稅務機關答覆為準',
      sandbox: '演示環境',
      large: '大字',
      large_title: '大字顯示',
      more: '更多操作',
      close: '關閉',
      cancel: '取消',
      done: '完成',
      online: '智能助手在線',
      with_agent: '人工坐席服務中',
      waiting_for_agent: '正在轉接人工',
      network_lost: '網絡已斷開，正在重新連線…',
      server_lost: '服務暫時不可用，正在重新連線…',
      unreachable: '網絡不通，請檢查網絡連線',
      unavailable: '服務暫時不可用，請稍後再試',
      log: '對話記錄',
      talk: '對話內容',
      newer: '有新訊息',
      suggestions: '大家常問',
      related: '相關問題',
      typing: '{who}正在輸入',
      you: '您',
      bot: '智能助手',
      agent: '人工坐席',
      system: '系統提示',
      speaker: '{who}：',
      input: '請輸入您的問題',
      placeholder: '請輸入您的問題',
      send: '傳送',
      human: '轉人工',
      human_short: '人工',
      consent: '本服務由智能助手應答，對話內容加密保存，請勿輸入密碼、驗證碼。使用即表示同意',
      privacy: '《隱私說明》',
      consent_end: '。',
      attach: '選擇附件',
      attachment: '附件',
      tray: '待傳送的附件',
      file_format: '「{name}」的格式不能傳送。可以傳送圖片、PDF、Word、Excel或OFD檔案。',
      file_large: '「{name}」超過了{limit}MB，請壓縮後再選擇。',
      file_most: '一次最多傳送{n}個附件。',
      file_uploading: '正在上載{name}',
      file_again: '重試',
      file_remove: '移除',
      file_remove_named: '移除{name}',
      file_sized: '{name}（{size}）',
      file_save: '儲存附件',
      file_failed: '附件沒有取到：{reason}',
      sending: '傳送中',
      sent: '已送達',
      waiting: '待傳送，網絡恢復後自動傳送',
      sent_in: '{reason}（{n} 秒後自動傳送）',
      failed: '傳送失敗 按此重試',
      because: '（{reason}）',
      agent_here: '人工坐席正在為您服務，智能助手已暫停應答。',
      agent_coming: '正在為您轉接人工，請稍候。',
      queued: '正在為您轉接人工：前面還有 {n} 位。',
      queued_minutes: '正在為您轉接人工：前面還有 {n} 位，預計等待 {minutes} 分鐘。',
      next: '正在為您轉接人工：您是下一位。',
      next_minutes: '正在為您轉接人工：您是下一位，預計等待 {minutes} 分鐘。',
      agent_left: '人工服務已結束，智能助手繼續為您服務。',
      resolved: '本次諮詢已結束。如有新的問題，可以繼續提問。',
      basis: '依據 {n} 條',
      basis_untitled: '依據文件',
      basis_line: '依據：{title}',
      number: '文號',
      article: '條款',
      validity: '有效期',
      authority: '效力',
      from_to: '{from} 至 {to}',
      from_on: '{from} 至今',
      until: '至 {to}',
      law: '法律',
      administrative_regulation: '行政法規',
      department_rule: '部門規章',
      normative_document: '規範性文件',
      guidance: '工作指引',
      clear: '清空對話',
      clear_question: '清空這台裝置上的對話？',
      clear_text: '將開始新的諮詢。已保存的記錄不會刪除，清空後在這台裝置上不能再查看。',
      clear_verb: '清空',
      download: '下載聊天記錄',
      export: '匯出我的記錄',
      export_failed: '匯出失敗：{reason}',
      record: '稅費諮詢記錄',
      record_number: '諮詢編號：{id}',
      record_agent: '人工坐席 {name}',
      record_file: '諮詢記錄',
      erase: '刪除我的記錄',
      erase_question: '刪除這次諮詢的全部記錄？',
      erase_text: '伺服器和這台裝置上的對話都會刪除，不能恢復。',
      erase_verb: '刪除',
      erased: '您的諮詢記錄已刪除。',
      erase_failed: '刪除失敗：{reason}',
      rate: '評價服務',
      rate_agent: '請您評價剛才的人工服務',
      rate_question: '您對這次服務滿意嗎？',
      score_5: '非常滿意',
      score_4: '滿意',
      score_3: '基本滿意',
      score_2: '不滿意',
      score_1: '非常不滿意',
      comment: '還想說點什麼？（選填）',
      comment_label: '補充意見（選填）',
      rate_verb: '提交評價',
      rate_later: '暫不評價',
      rate_missing: '請先選擇滿意程度。',
      rated: '感謝您的評價。',
      rate_failed: '評價沒有提交成功：{reason}',
      wechat: '在微信中繼續',
      wechat_scan: '用微信「掃一掃」掃描二維碼',
      wechat_agree: '在微信裏回覆「同意」',
      wechat_after: '之後的答覆會發到微信，這裏的記錄仍然可以查看',
      wechat_code: '轉到微信繼續的二維碼',
      wechat_making: '正在產生二維碼…',
      wechat_left: '二維碼剩餘有效時間 {time}',
      wechat_renewed: '二維碼已更新，請掃描新的二維碼。',
      wechat_phone: '在手機上不方便掃碼？請截圖後在微信「掃一掃」的相簿中選擇，或者',
      wechat_link: '用連結開啟微信',
      wechat_failed: '二維碼沒有產生：{reason}',
      wechat_again: '重新取得二維碼',
      wechat_carried: '諮詢已轉到微信繼續',
      wechat_carried_text: '請到微信裏接著說，後續答覆會發到微信。在這裏發訊息，諮詢就回到網頁。',
      sms: '用短訊繼續',
      sms_text: '為在短訊中繼續本次諮詢，把後續答覆發送到您在本次對話中驗證的手機號碼。您可以隨時回覆TD停止接收，或在網頁上發訊息轉回網頁。',
      sms_verb: '同意並轉到短訊',
      sms_no_phone: '本次對話還沒有驗證手機號碼。請先用短訊驗證碼驗證，再選「用短訊繼續」。',
      sms_verify: '去驗證手機號碼',
      sms_opted_out: '您驗證的手機已退訂短訊。請先用這部手機向我們發給您的短訊回覆「恢复」（簡體字），再試一次。',
      sms_failed: '沒有轉到短訊：{reason}',
      sms_carried: '諮詢已轉到短訊繼續',
      sms_carried_text: '請查看尾號 {tail} 的手機收到的短訊，直接回覆即可接著說。在這裏發訊息，諮詢就回到網頁。',
      language: '語言',
      language_question: '選擇介面語言',
      language_text: '只改變這個視窗的文字。請用中文提問，答覆是簡體中文。',
      language_verb: '使用這種語言',
      language_offer: '以繁體中文顯示這個視窗',
      language_keep: '不用了',
      voice: '語音輸入',
      voice_stop: '結束語音輸入',
      voice_question: '用語音輸入文字？',
      voice_text: '語音由您的瀏覽器轉成文字，聲音可能會交給瀏覽器的廠商處理，我們不接收也不保存聲音。文字會先填入輸入框，由您核對後傳送。',
      voice_verb: '同意並開始',
      voice_listening: '正在聽，請說普通話。說完後核對文字，再按「傳送」。',
      voice_refused: '沒有使用麥克風的權限。請在瀏覽器的網站設定中允許使用麥克風，再試一次，或直接輸入文字。',
      voice_silent: '沒有聽到聲音，請靠近麥克風再試一次。',
      voice_no_microphone: '沒有找到可用的麥克風，請檢查後再試，或直接輸入文字。',
      voice_network: '語音識別需要連網，現在連接不上，請稍後再試，或直接輸入文字。',
      voice_failed: '語音沒有轉成文字，請再試一次，或直接輸入文字。',
    },
    en: {
      name: 'English',
      locale: 'en-GB',
      launcher: 'Ask about tax',
      launcher_label: 'Ask about tax: open the chat',
      launcher_unread: 'Ask about tax: open the chat, unread messages: {n}',
      heading: 'Tax assistant',
      greeting: 'Hello, I am the tax assistant. Please type your question about taxes and fees in Chinese.',
      disclaimer: 'Answers are in Chinese and for reference only; official documents and your tax authority prevail',
      sandbox: 'Demo',
      large: 'Large',
      large_title: 'Large type',
      more: 'More',
      close: 'Close',
      cancel: 'Cancel',
      done: 'Done',
      online: 'Assistant online',
      with_agent: 'With a staff member',
      waiting_for_agent: 'Connecting to staff',
      network_lost: 'You are offline. Reconnecting…',
      server_lost: 'The service is unavailable. Reconnecting…',
      unreachable: 'No connection. Please check your network',
      unavailable: 'The service is unavailable. Please try again later',
      log: 'Messages',
      talk: 'Conversation',
      newer: 'New messages',
      suggestions: 'Often asked (in Chinese)',
      related: 'Related questions',
      typing: '{who} is typing',
      you: 'You',
      bot: 'Assistant',
      agent: 'Staff member',
      system: 'Notice',
      speaker: '{who}: ',
      input: 'Type your question in Chinese',
      placeholder: 'Ask here',
      send: 'Send',
      human: 'Talk to a person',
      human_short: 'Staff',
      consent: 'An automatic assistant answers here. The conversation is stored encrypted. Do not enter passwords or codes. By using it you accept the ',
      privacy: 'privacy notice (in Chinese)',
      consent_end: '.',
      attach: 'Choose files',
      attachment: 'Attachment',
      tray: 'Files to send',
      file_format: '{name} cannot be sent: only pictures, PDF, Word, Excel and OFD files can.',
      file_large: '{name} is larger than {limit} MB. Please make it smaller and choose it again.',
      file_most: 'At most {n} files can be sent at a time.',
      file_uploading: 'Uploading {name}',
      file_again: 'Retry',
      file_remove: 'Remove',
      file_remove_named: 'Remove {name}',
      file_sized: '{name} ({size})',
      file_save: 'Save the file',
      file_failed: 'The file could not be fetched: {reason}',
      sending: 'Sending',
      sent: 'Delivered',
      waiting: 'Waiting; it is sent once you are online',
      sent_in: '{reason} (sent again in {n} s)',
      failed: 'Not sent. Press to retry',
      because: ' ({reason})',
      agent_here: 'A staff member is serving you; the assistant is paused.',
      agent_coming: 'Connecting you to a staff member. Please wait.',
      queued: 'Connecting you to a staff member. People before you: {n}.',
      queued_minutes: 'Connecting you to a staff member. People before you: {n}, about {minutes} min.',
      next: 'Connecting you to a staff member. You are next.',
      next_minutes: 'Connecting you to a staff member. You are next, about {minutes} min.',
      agent_left: 'The staff member has left; the assistant goes on.',
      resolved: 'This conversation is closed. You can ask again at any time.',
      basis: 'Legal basis: {n}',
      basis_untitled: 'Document',
      basis_line: 'Legal basis: {title}',
      number: 'Number',
      article: 'Article',
      validity: 'Valid',
      authority: 'Rank',
      from_to: '{from} to {to}',
      from_on: 'since {from}',
      until: 'until {to}',
      law: 'Law',
      administrative_regulation: 'Administrative regulation',
      department_rule: 'Departmental rule',
      normative_document: 'Normative document',
      guidance: 'Guidance',
      clear: 'Clear the chat',
      clear_question: 'Clear the chat on this device?',
      clear_text: 'A new conversation begins. The stored record is kept, but can no longer be seen on this device.',
      clear_verb: 'Clear',
      download: 'Download as text',
      export: 'Export my record',
      export_failed: 'Export failed: {reason}',
      record: 'Record of a tax conversation',
      record_number: 'Conversation: {id}',
      record_agent: 'Staff member {name}',
      record_file: 'tax-conversation',
      erase: 'Delete my record',
      erase_question: 'Delete the whole record of this conversation?',
      erase_text: 'It is deleted on the server and on this device, and cannot be restored.',
      erase_verb: 'Delete',
      erased: 'Your record has been deleted.',
      erase_failed: 'Not deleted: {reason}',
      rate: 'Rate the service',
      rate_agent: 'Please rate the service of the staff member',
      rate_question: 'Are you satisfied with the service?',
      score_5: 'Very satisfied',
      score_4: 'Satisfied',
      score_3: 'Fairly satisfied',
      score_2: 'Dissatisfied',
      score_1: 'Very dissatisfied',
      comment: 'Anything else? (optional)',
      comment_label: 'Comment (optional)',
      rate_verb: 'Submit',
      rate_later: 'Not now',
      rate_missing: 'Please choose how satisfied you are.',
      rated: 'Thank you for your rating.',
      rate_failed: 'The rating was not submitted: {reason}',
      wechat: 'Continue in WeChat',
      wechat_scan: 'Scan the code with WeChat (Scan)',
      wechat_agree: 'Reply "同意" (I agree) in WeChat',
      wechat_after: 'Further answers go to WeChat; the record stays visible here',
      wechat_code: 'Code for going on in WeChat',
      wechat_making: 'Making the code…',
      wechat_left: 'The code is valid for {time}',
      wechat_renewed: 'There is a new code; please scan this one.',
      wechat_phone: 'Cannot scan on this phone? Take a screenshot and choose it from the album in WeChat Scan, or',
      wechat_link: 'open WeChat by link',
      wechat_failed: 'No code could be made: {reason}',
      wechat_again: 'Get a new code',
      wechat_carried: 'The conversation goes on in WeChat',
      wechat_carried_text: 'Please go on in WeChat; further answers go there. Writing here brings the conversation back.',
      sms: 'Continue by text message',
      sms_text: 'To continue by text message, further answers are sent to the phone number that you verified in this conversation. Reply TD at any time to stop, or write here to come back.',
      sms_verb: 'Agree and continue',
      sms_no_phone: 'No phone number has been verified in this conversation. Please verify it by a code first, then choose "Continue by text message" again.',
      sms_verify: 'Verify my phone',
      sms_opted_out: 'The verified phone has opted out of text messages. Reply "恢复" to one of our messages from that phone, then try again.',
      sms_failed: 'It was not moved to text messages: {reason}',
      sms_carried: 'The conversation goes on by text message',
      sms_carried_text: 'Please see the message on the phone ending in {tail} and reply to it. Writing here brings the conversation back.',
      language: 'Language',
      language_question: 'Language of the interface',
      language_text: 'Answers are in Chinese. Only the words of this window are translated; please ask in Chinese.',
      language_verb: 'Use this language',
      language_offer: 'Show this window in English',
      language_keep: 'No, thank you',
      voice: 'Speak',
      voice_stop: 'Stop listening',
      voice_question: 'Speak instead of typing?',
      voice_text: 'Your browser turns speech into text, and its maker may process the sound. We neither receive nor keep it. The text is put into the input for you to check and send.',
      voice_verb: 'Agree and start',
      voice_listening: 'Listening; please speak Mandarin Chinese. Check the text, then press Send.',
      voice_refused: 'The microphone is not allowed. Allow it for this site in the browser settings and try again, or type.',
      voice_silent: 'Nothing was heard. Move closer to the microphone and try again.',
      voice_no_microphone: 'No microphone was found. Please check it and try again, or type.',
      voice_network: 'Speech recognition cannot be reached. Please try again later, or type.',
      voice_failed: 'The speech was not turned into text. Please try again, or type.',
    },
  };

  const FALLBACK_LANGUAGE = 'zh-Hans';
  /** What a press says to the hub for the person: it understands Chinese, whatever the language of the interface. */
  const SPOKEN = { human: '转人工', sign_in: '登录' };

  /** What the hub writes in place of words; the file itself is shown. */
  const LABELS = /^(\[(图片|文件|附件)\])+$/;

  const filled = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (blank, name) => values[name]);

  /** The language of what was said, for screen readers; undefined where it has no Chinese in it. */
  const spokenIn = (text) => (/[\u3400-\u9fff]/.test(text || '') ? 'zh' : undefined);

  /** The language that the browser asks for; only ever offered, never chosen by itself. */
  function preferredLanguage() {
    const asked = (navigator.languages && navigator.languages[0]) || navigator.language || FALLBACK_LANGUAGE;
    if (!/^zh\b/i.test(asked)) return 'en';
    return /hant|-(tw|hk|mo)\b/i.test(asked) ? 'zh-Hant' : 'zh-Hans';
  }

  // ---------------------------------------------------------------------------------------------- Store

  /** localStorage under one prefix; falls back to memory where storage is denied or full. */
  class Store {
    constructor(prefix) {
      this.prefix = prefix;
      this.memory = new Map();
    }

    get(name) {
      const key = this.prefix + name;
      if (this.memory.has(key)) return this.memory.get(key);
      try {
        return JSON.parse(localStorage.getItem(key));
      } catch (denied) {
        return null;
      }
    }

    set(name, value) {
      const key = this.prefix + name;
      try {
        localStorage.setItem(key, JSON.stringify(value));
        this.memory.delete(key);
      } catch (denied) {
        this.memory.set(key, value);
      }
    }

    remove(name) {
      const key = this.prefix + name;
      this.memory.delete(key);
      try {
        localStorage.removeItem(key);
      } catch (denied) {
        // Nothing was stored there either.
      }
    }

    /** All values whose name starts with `start`. */
    list(start) {
      const wanted = this.prefix + start;
      const keys = new Set(this.memory.keys());
      try {
        for (let i = 0; i < localStorage.length; i += 1) keys.add(localStorage.key(i));
      } catch (denied) {
        // Memory is all there is.
      }
      return [...keys].filter((key) => key.startsWith(wanted)).map((key) => this.get(key.slice(this.prefix.length)));
    }
  }

  // ------------------------------------------------------------------------------------------------ Api

  class ApiError extends Error {
    constructor(status, detail, retryAfterMs, code = '') {
      super(detail);
      this.status = status;
      this.retryAfterMs = retryAfterMs;
      this.code = code;
    }

    get gone() { return [401, 404, 410].includes(this.status); }

    get temporary() { return this.status === 0 || this.status === 408 || this.status === 425 || this.status >= 500; }
  }

  /** The hub's REST API; every failure is an ApiError, status 0 when the network gave no answer. */
  class Api {
    constructor(hub, t) {
      this.hub = hub;
      this.t = t;
      this.base = `${hub}/api/v1`;
      this.streamBase = this.base.replace(/^http/, 'ws');
    }

    async request(method, path, { token, body, timeout = 15000, base = this.base } = {}) {
      const abort = new AbortController();
      const timer = setTimeout(() => abort.abort(), timeout);
      const headers = { Accept: 'application/json' };
      if (token) headers.Authorization = `Bearer ${token}`;
      if (body) headers['Content-Type'] = 'application/json';
      let response;
      let payload = null;
      try {
        response = await fetch(base + path, {
          method, headers, body: body && JSON.stringify(body), signal: abort.signal, credentials: 'omit', cache: 'no-store',
        });
        const text = await response.text();
        if (text) payload = parseJson(text);
      } catch (unreachable) {
        throw new ApiError(0, this.t('unreachable'));
      } finally {
        clearTimeout(timer);
      }
      if (response.ok) return payload;
      throw this.refusal(response.status, payload, response.headers.get('Retry-After'));
    }

    /** Uploads a file and tells its progress, which fetch cannot; `done` is the hub's answer, `abort` ends it. */
    upload(path, { token, file, onProgress }) {
      const request = new XMLHttpRequest();
      const done = new Promise((resolve, reject) => {
        request.open('POST', this.base + path);
        request.setRequestHeader('Accept', 'application/json');
        request.setRequestHeader('Authorization', `Bearer ${token}`);
        request.timeout = 180000;
        request.upload.onprogress = (event) => { if (event.lengthComputable) onProgress(event.loaded / event.total); };
        request.onload = () => {
          const payload = parseJson(request.responseText);
          if (request.status === 201 && payload) resolve(payload);
          else reject(this.refusal(request.status, payload, request.getResponseHeader('Retry-After')));
        };
        request.onerror = () => reject(new ApiError(0, this.t('unreachable')));
        request.ontimeout = request.onerror;
        request.onabort = () => reject(new ApiError(0, ''));
        const form = new FormData();
        form.append('file', file, file.name);
        request.send(form);
      });
      return { done, abort: () => request.abort() };
    }

    /** A file as it was uploaded. */
    async download(path, token) {
      let response;
      try {
        response = await fetch(this.base + path, { headers: { Authorization: `Bearer ${token}` }, credentials: 'omit', cache: 'no-store' });
        if (response.ok) return await response.blob();
      } catch (unreachable) {
        throw new ApiError(0, this.t('unreachable'));
      }
      throw this.refusal(response.status, parseJson(await response.text()), null);
    }

    refusal(status, payload, header) {
      const detail = payload && typeof payload.detail === 'string' ? payload.detail : this.t('unavailable');
      return new ApiError(status, detail, retryAfter(header), (payload && payload.code) || '');
    }
  }

  function parseJson(text) {
    try {
      return JSON.parse(text);
    } catch (malformed) {
      return null;
    }
  }

  /** Retry-After is seconds or an HTTP date; null when absent. */
  function retryAfter(header) {
    if (!header) return null;
    const seconds = Number(header);
    const wait = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - Date.now();
    return Number.isFinite(wait) ? Math.max(wait, 0) : null;
  }

  /** crypto.randomUUID exists on secure origins only; intranet hubs may be plain http. */
  function uuid() {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
  }

  // --------------------------------------------------------------------------------------- Conversation

  /** An entry of the transcript from a message of the API. `key` stays the same from optimistic to confirmed. */
  function entryFrom(message) {
    return {
      key: message.client_message_id || message.id,
      id: message.id,
      clientId: message.client_message_id || null,
      author: message.author,
      text: message.text || '',
      buttons: message.buttons || [],
      citations: message.citations || [],
      related: message.related || [],
      attachments: message.attachments || [],
      carried: message.carried || null,
      createdAt: Date.parse(message.created_at) || Date.now(),
      status: message.author === 'user' ? 'sent' : null,
      note: '',
      wait: 0,
      attempts: 0,
    };
  }

  function entryFromOutbox(item) {
    const entry = entryFrom({ ...item, id: null, author: 'user' });
    return { ...entry, payload: item.payload || null, status: item.failed ? 'failed' : 'waiting', note: item.note || '' };
  }

  /**
   * One citizen's conversation: transcript, outbox, connection. It knows no DOM and calls `onChange` after every change.
   *
   * Nothing typed is lost: an entry lives in the outbox (storage) until the hub has confirmed its client_message_id.
   * Nothing is doubled: entries are matched by id and client_message_id, whichever path they come by.
   * Entry status: waiting → sending → sent, or failed (only a tap sends it again).
   */
  class Conversation {
    constructor(api, store, onChange) {
      this.api = api;
      this.store = store;
      this.onChange = onChange;
      this.stopped = true;
      this.failures = 0;
      this.streamFailures = 0;
      this.trouble = null;
      this.clear();
    }

    clear() {
      this.session = null;
      this.entries = [];
      this.cursor = null;
      this.state = 'with_bot';
      this.queue = null;
      this.notice = null;
      this.typingUntil = 0;
      this.loaded = false;
      this.toRate = false;
    }

    /** In which channel the talk went on last, as far as this was said here. */
    get carried() {
      const said = this.entries.filter((entry) => entry.carried);
      return said.length ? said[said.length - 1] : null;
    }

    get answered() { return this.entries.some((entry) => entry.id && entry.author !== 'user'); }

    start() {
      if (!this.stopped) return;
      this.stopped = false;
      this.session = this.store.get('session');
      this.loadOutbox();
      this.listeners = [
        [window, 'online', () => this.resume()],
        [window, 'offline', () => { this.closeStream(); this.lost('network'); this.showTrouble(); }],
        [window, 'storage', (event) => this.onStorage(event)],
        [document, 'visibilitychange', () => { if (!document.hidden && this.trouble) this.resume(); this.poll(); }],
      ];
      for (const [target, type, handler] of this.listeners) target.addEventListener(type, handler);
      this.resume();
    }

    stop() {
      this.stopped = true;
      this.closeStream();
      for (const timer of [this.retryTimer, this.pollTimer, this.drainTimer, this.troubleTimer]) clearTimeout(timer);
      for (const [target, type, handler] of this.listeners || []) target.removeEventListener(type, handler);
      this.clear();
    }

    loadOutbox() {
      const items = this.store.list('outbox:').filter((item) => item && item.client_message_id);
      items.sort((a, b) => (a.created_at < b.created_at ? -1 : 1));
      for (const item of items) {
        if (!this.entries.some((entry) => entry.clientId === item.client_message_id)) this.entries.push(entryFromOutbox(item));
      }
    }

    /** Another tab of the same site began, cleared or erased the conversation. */
    onStorage(event) {
      if (event.key !== `${this.store.prefix}session`) return;
      const session = this.store.get('session');
      if ((session && session.conversation_id) === (this.session && this.session.conversation_id)) return;
      this.closeStream();
      this.clear();
      this.session = session;
      this.loadOutbox();
      this.changed();
      this.resume();
    }

    get withHuman() { return this.state === 'with_agent' || this.state === 'waiting_for_agent'; }

    /** The hub has the citizen's words and the bot has not answered yet. */
    get awaitingReply() {
      const confirmed = this.entries.filter((entry) => entry.status !== 'waiting' && entry.status !== 'failed');
      const last = confirmed[confirmed.length - 1];
      if (!last || last.author !== 'user' || this.withHuman) return false;
      return last.status === 'sending' || Date.now() - (last.sentAt || 0) < REPLY_EXPECTED_MS;
    }

    get typing() { return this.awaitingReply || this.typingUntil > Date.now(); }

    changed() {
      if (this.stopped) return;
      this.onChange();
      this.poll();
    }

    // Sending

    send(text, payload, attachments = []) {
      const item = { client_message_id: uuid(), text, payload: payload || undefined, attachments, created_at: new Date().toISOString() };
      this.store.set(`outbox:${item.client_message_id}`, item);
      this.entries.push(entryFromOutbox(item));
      this.notice = null;
      this.changed();
      this.drain();
    }

    retry(entry) {
      entry.status = 'waiting';
      entry.note = '';
      entry.wait = 0;
      entry.attempts = 0;
      this.changed();
      this.drain();
    }

    /** Sends what waits, oldest first and one at a time, so that the hub sees the order in which it was written. */
    async drain() {
      clearTimeout(this.drainTimer);
      if (this.draining || this.stopped) return;
      this.draining = true;
      try {
        for (;;) {
          const entry = this.entries.find((candidate) => candidate.status === 'waiting');
          if (!entry || !(await this.deliver(entry))) break;
        }
      } finally {
        this.draining = false;
      }
    }

    /** True when the next entry may follow. */
    async deliver(entry) {
      entry.status = 'sending';
      entry.note = '';
      entry.wait = 0;
      this.changed();
      let session = null;
      try {
        session = await this.ensureSession();
        const body = { text: entry.text, client_message_id: entry.clientId };
        if (entry.payload) body.payload = entry.payload;
        if (entry.attachments.length) body.attachments = entry.attachments.map((one) => one.id);
        const reply = await this.api.request('POST', `/conversations/${session.conversation_id}/messages`, {
          token: session.token, body, timeout: 60000,
        });
        if (session !== this.session) return true;
        this.confirm(entry);
        this.merge(reply.messages || []);
        this.applyState(reply);
        this.regained();
        this.openStream();
        return true;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        if (session !== this.session || entry.status === 'sent') return true;
        return this.deliveryFailed(entry, error);
      } finally {
        this.changed();
      }
    }

    deliveryFailed(entry, error) {
      entry.attempts += 1;
      if (error.gone && entry.attempts === 1) {
        this.forget();
        entry.status = 'waiting';
        return true;
      }
      if (error.status === 429) {
        const wait = error.retryAfterMs === null ? 5000 : error.retryAfterMs;
        entry.status = 'waiting';
        entry.note = error.message;
        entry.wait = Math.ceil(wait / 1000);
        this.drainTimer = setTimeout(() => this.drain(), wait + 200);
        return false;
      }
      if (error.temporary && (error.status === 0 || entry.attempts < SERVER_ERROR_ATTEMPTS)) {
        entry.status = 'waiting';
        this.lost(error.status === 0 ? 'network' : 'server', entry.attempts, error.retryAfterMs);
        return false;
      }
      entry.status = 'failed';
      entry.note = error.message;
      this.store.set(`outbox:${entry.clientId}`, {
        client_message_id: entry.clientId, text: entry.text, payload: entry.payload || undefined, attachments: entry.attachments,
        created_at: new Date(entry.createdAt).toISOString(), failed: true, note: error.message,
      });
      return true;
    }

    confirm(entry) {
      if (entry.status === 'sent') return;
      entry.status = 'sent';
      entry.note = '';
      entry.sentAt = Date.now();
      this.store.remove(`outbox:${entry.clientId}`);
    }

    /** Begins a conversation on the first message, so that a mere page view leaves no record. */
    async ensureSession() {
      if (!this.session) this.session = this.store.get('session');
      if (this.session) return this.session;
      const begun = await this.api.request('POST', '/conversations', { body: { channel: 'web', locale: 'zh-CN', consent: true } });
      const other = this.store.get('session');  // a second tab may have been quicker
      this.session = other || { conversation_id: begun.conversation_id, token: begun.token };
      if (!other) {
        this.store.set('session', this.session);
        this.store.set('read', '');
      }
      return this.session;
    }

    // Receiving

    merge(messages) {
      for (const message of messages) {
        const known = this.entries.find((entry) => (
          entry.id === message.id || (message.client_message_id && entry.clientId === message.client_message_id)
        ));
        if (!known) {
          this.insert(entryFrom(message));
        } else if (!known.id) {
          this.confirm(known);
          known.id = message.id;
          known.createdAt = Date.parse(message.created_at) || known.createdAt;
        }
        if (message.author !== 'user') this.typingUntil = 0;
      }
    }

    /** Keeps the hub's order; what has not been sent yet stays at the end. The phone's own clock is never compared. */
    insert(entry) {
      let index = this.entries.length;
      while (index > 0) {
        const before = this.entries[index - 1];
        const later = before.id && before.createdAt > entry.createdAt;
        if (before.status !== 'waiting' && !later) break;
        index -= 1;
      }
      this.entries.splice(index, 0, entry);
    }

    applyState({ state, queue }) {
      if (state && state !== this.state) {
        const served = this.state === 'with_agent' && (state === 'with_bot' || state === 'resolved');
        if (this.withHuman && state === 'with_bot') this.notice = { key: 'agent_left' };
        else if (state === 'resolved') this.notice = { key: 'resolved' };
        else this.notice = null;
        this.state = state;
        if (served) this.toRate = true;
      }
      this.queue = queue || null;
    }

    /** Fetches everything after the cursor. Only gapless sources move the cursor: this and, once caught up, the stream. */
    catchUp() {
      if (!this.catching) this.catching = this.fetchNew().finally(() => { this.catching = null; });
      return this.catching;
    }

    async fetchNew() {
      const session = this.session;
      let after = this.cursor;
      for (;;) {
        const query = after ? `?after=${encodeURIComponent(after)}` : '';
        const page = await this.api.request('GET', `/conversations/${session.conversation_id}/messages${query}`, {
          token: session.token,
        });
        if (session !== this.session) return;
        const messages = page.messages || [];
        this.merge(messages);
        if (messages.length) this.cursor = messages[messages.length - 1].id;
        this.applyState(page);
        this.loaded = true;
        this.changed();
        if (!page.next || page.next === after) return;
        after = page.next;
      }
    }

    /** Where no WebSocket passes (old proxies, some in-app browsers): ask again, but only while something is expected. */
    poll() {
      const expected = this.awaitingReply || ((this.withHuman || this.watched) && !document.hidden);
      if (!expected || !this.session || this.streamReady || this.trouble || this.stopped) {
        clearTimeout(this.pollTimer);
        this.pollTimer = null;
      } else if (!this.pollTimer) {
        this.pollTimer = setTimeout(() => {
          this.pollTimer = null;
          this.catchUp().then(() => this.poll(), (error) => this.receivingFailed(error));
        }, POLL_MS);
      }
    }

    // Connection

    /** Brings the transcript up to date, sends what waits, opens the stream. Safe to call at any time. */
    async resume() {
      clearTimeout(this.retryTimer);
      if (this.resuming || this.stopped) return;
      this.resuming = true;
      try {
        if (this.session) await this.catchUp();
        const untried = !this.session && this.entries.some((entry) => entry.status === 'waiting');
        if (!untried && navigator.onLine !== false) this.regained();
        this.changed();
      } catch (error) {
        this.receivingFailed(error);
        if (!error.gone) return;
      } finally {
        this.resuming = false;
      }
      this.openStream();
      await this.drain();
      this.changed();
    }

    receivingFailed(error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.gone) {
        this.forget();
        this.changed();
      } else {
        this.lost(error.status === 0 ? 'network' : 'server', undefined, error.retryAfterMs);
      }
    }

    /** Exponential back-off with jitter, so that a restarted hub is not stormed. */
    lost(trouble, attempt = (this.failures += 1), wait = null) {
      this.nextTrouble = trouble;
      if (!this.trouble && !this.troubleTimer) this.troubleTimer = setTimeout(() => this.showTrouble(), BANNER_DELAY_MS);
      const ceiling = Math.min(BACKOFF_CEILING_MS, 500 * 2 ** attempt);
      clearTimeout(this.retryTimer);
      this.retryTimer = setTimeout(() => this.resume(), Math.max(wait || 0, ceiling * (0.5 + Math.random() / 2)));
    }

    /** Short losses heal unseen: the banner comes after a delay. */
    showTrouble() {
      clearTimeout(this.troubleTimer);
      this.troubleTimer = null;
      this.trouble = this.nextTrouble;
      this.changed();
    }

    regained() {
      clearTimeout(this.troubleTimer);
      this.troubleTimer = null;
      this.failures = 0;
      this.trouble = null;
    }

    openStream() {
      if (this.socket || !this.session || this.stopped || typeof WebSocket === 'undefined') return;
      const session = this.session;
      let socket;
      try {
        socket = new WebSocket(`${this.api.streamBase}/conversations/${session.conversation_id}/stream`);
      } catch (forbidden) {
        return;
      }
      this.socket = socket;
      this.heardAt = Date.now();
      // The token travels in the first frame: addresses end up in proxy logs.
      socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', token: session.token, after: this.cursor }));
      socket.onmessage = (event) => { if (socket === this.socket) this.onFrame(parseJson(event.data) || {}); };
      socket.onclose = () => { if (socket === this.socket) this.streamLost(); };
      this.pingTimer = setInterval(() => {
        if (Date.now() - this.heardAt > SILENCE_MS) socket.close();
        else if (socket.readyState === WebSocket.OPEN) socket.send('{"type":"ping"}');
      }, PING_MS);
    }

    onFrame(frame) {
      this.heardAt = Date.now();
      if (frame.type === 'ready') {
        this.streamReady = true;
        this.streamFailures = 0;
        this.applyState(frame);
        this.catchUp().then(() => { this.gapless = this.streamReady; }, (error) => this.receivingFailed(error));
      } else if (frame.type === 'message' && frame.message) {
        this.merge([frame.message]);
        if (this.gapless) this.cursor = frame.message.id;
      } else if (frame.type === 'typing') {
        if (frame.author !== 'user') this.typingUntil = Date.now() + 6000;
        setTimeout(() => this.changed(), 6100);
      } else if (frame.type === 'state') {
        this.applyState(frame);
      } else if (frame.type === 'error') {
        // The REST answer says whether the conversation is gone or only the stream refused.
        this.catchUp().catch((error) => this.receivingFailed(error));
      } else {
        return;
      }
      this.changed();
    }

    streamLost() {
      const wasReady = this.streamReady;
      this.closeStream();
      if (this.stopped) return;
      if (wasReady) {
        this.lost('network');
      } else {
        // REST works or not: the retry finds out. Meanwhile poll() bridges.
        this.streamFailures += 1;
        const wait = Math.min(60000, 2000 * 2 ** this.streamFailures) * (0.5 + Math.random() / 2);
        setTimeout(() => this.openStream(), wait);
      }
      this.changed();
    }

    closeStream() {
      clearInterval(this.pingTimer);
      const socket = this.socket;
      this.socket = null;
      this.streamReady = false;
      this.gapless = false;
      if (socket) socket.close();
    }

    // Ending

    /** The hub no longer knows this conversation: go on with a new one and keep only what was never sent. */
    forget() {
      this.closeStream();
      const unsent = this.entries.filter((entry) => !entry.id && entry.status !== 'sent');
      this.clear();
      this.entries = unsent;
      this.store.remove('session');
      this.store.remove('read');
    }

    /** Clears this device; the record at the hub stays until it expires or is erased. */
    reset() {
      this.closeStream();
      for (const item of this.store.list('outbox:')) if (item) this.store.remove(`outbox:${item.client_message_id}`);
      this.clear();
      this.store.remove('session');
      this.store.remove('read');
      this.regained();
      this.changed();
    }

    async erase() {
      const session = this.session;
      if (session) {
        // else the stream would report the end of the conversation before we do
        this.closeStream();
        try {
          await this.api.request('DELETE', `/conversations/${session.conversation_id}`, { token: session.token });
        } catch (error) {
          if (!error.gone) {
            this.openStream();
            throw error;
          }
        }
      }
      this.reset();
    }

    rate(score, comment) {
      const body = comment ? { score, comment } : { score };
      return this.api.request('PUT', `/conversations/${this.session.conversation_id}/rating`, { token: this.session.token, body });
    }

    /** Has the talk go on by another door; see the hub's `POST /channels/<door>/carry/{conversation_id}`. */
    carry(door, body) {
      const path = `/channels/${door}/carry/${this.session.conversation_id}`;
      return this.api.request('POST', path, { token: this.session.token, body, base: this.api.hub });
    }

    file(id) {
      return this.api.download(`/conversations/${this.session.conversation_id}/attachments/${id}`, this.session.token);
    }

    exportRecord() {
      return this.api.request('GET', `/conversations/${this.session.conversation_id}/export`, { token: this.session.token });
    }
  }

  // ----------------------------------------------------------------------------------------------- Tray

  /** The files of the next message: chosen first, uploaded when it is sent, each taken out or tried again by itself. */
  class Tray {
    constructor(conversation, onChange) {
      this.conversation = conversation;
      this.onChange = onChange;
      this.items = [];
      this.busy = false;
      this.refused = null;
    }

    /** Takes what may be sent; `refused` is what to say of the rest, a key of WORDS with its blanks. */
    add(files) {
      this.refused = null;
      for (const file of files) {
        const image = file.type.startsWith('image/') || IMAGE.test(file.name);
        const limit = image ? 10 : 20;
        if (!image && !DOCUMENT.test(file.name)) this.refused = { key: 'file_format', values: { name: file.name } };
        else if (file.size > limit * MEGABYTE) this.refused = { key: 'file_large', values: { name: file.name, limit } };
        else if (this.items.length >= MAX_FILES) this.refused = { key: 'file_most', values: { n: MAX_FILES } };
        else this.items.push({ file, key: uuid(), progress: null, note: '', refused: false, uploaded: null, abort: null });
      }
      this.onChange();
    }

    /** Takes one out, also from the hub where it lies there already. */
    remove(item) {
      this.items = this.items.filter((other) => other !== item);
      if (item.abort) item.abort();
      const { session, api } = this.conversation;
      if (item.uploaded && session) {
        const path = `/conversations/${session.conversation_id}/attachments/${item.uploaded.id}`;
        // what stays there is erased within a day
        api.request('DELETE', path, { token: session.token }).catch(() => {});
      }
      this.onChange();
    }

    clear() {
      for (const item of this.items) if (item.abort) item.abort();
      this.items = [];
      this.refused = null;
      this.onChange();
    }

    /** Uploads what has not been uploaded; the files as the hub knows them, or null while one of them is not there. */
    async upload() {
      if (this.busy) return null;
      this.busy = true;
      this.refused = null;
      try {
        const session = await this.conversation.ensureSession();
        await Promise.all(this.items.map((item) => this.uploadOne(item, session)));
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        for (const item of this.items) if (!item.uploaded) item.note = error.message;
      } finally {
        this.busy = false;
        this.onChange();
      }
      return this.items.every((item) => item.uploaded) ? this.items.map((item) => item.uploaded) : null;
    }

    async uploadOne(item, session) {
      if (item.uploaded && item.talk === session.conversation_id) return;
      Object.assign(item, { progress: 0, note: '', refused: false, uploaded: null, talk: session.conversation_id });
      this.onChange();
      const sending = this.conversation.api.upload(`/conversations/${session.conversation_id}/attachments`, {
        token: session.token, file: item.file, onProgress: (share) => { item.progress = share; this.onChange(); },
      });
      item.abort = sending.abort;
      try {
        item.uploaded = await sending.done;
      } catch (error) {
        item.note = error.message;
        item.refused = [409, 413, 422].includes(error.status);
        if (error.gone) this.conversation.forget();
      } finally {
        Object.assign(item, { progress: null, abort: null });
        this.onChange();
      }
    }
  }

  // ------------------------------------------------------------------------------------------ Rendering

  /** Builds an element; strings become text nodes, so data can never become markup. */
  function h(tag, attributes, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (name.startsWith('on')) element.addEventListener(name.slice(2), value);
      else if (value === true) element.setAttribute(name, '');
      else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  }

  /** Element.replaceChildren, which older phones lack. */
  function fill(element, ...children) {
    element.textContent = '';
    element.append(...children);
  }

  const ICONS = {
    chat: 'M4 5.5A2.5 2.5 0 0 1 6.5 3h11A2.5 2.5 0 0 1 20 5.5v8a2.5 2.5 0 0 1-2.5 2.5H11l-4.5 4v-4A2.5 2.5 0 0 1 4 13.5zM8 8h8M8 11.5h5',
    send: 'M4 12 20 4.5 15.5 20l-3.6-6.2zM11.9 13.8 20 4.5',
    close: 'M6 6l12 12M18 6 6 18',
    more: 'M5 12h.01M12 12h.01M19 12h.01',
    person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4.5 20.5c.8-3.6 3.9-5.5 7.5-5.5s6.7 1.9 7.5 5.5',
    headset: 'M4.5 14v-2a7.5 7.5 0 0 1 15 0v2M4.5 13.5h2.6v5H6a1.5 1.5 0 0 1-1.5-1.5zM19.5 13.5h-2.6v5H18a1.5 1.5 0 0 0 1.5-1.5zM18 18.5c0 1.6-1.6 2.5-4 2.5',
    download: 'M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 20h14',
    trash: 'M5 7h14M9.5 7V4.5h5V7M7 7l.8 13h8.4L17 7M10.5 11v5.5M13.5 11v5.5',
    restart: 'M5 12a7 7 0 1 0 2.2-5.1M5 4v4.5h4.5',
    clip: 'm19 11.5-7.3 7.3a4.6 4.6 0 0 1-6.5-6.5l7.7-7.7a3.1 3.1 0 0 1 4.4 4.4l-7.5 7.5a1.5 1.5 0 0 1-2.2-2.2l6.8-6.8',
    scroll: 'M12 5v13M6.5 12.5 12 18l5.5-5.5',
    book: 'M5 4.5h9.5A2.5 2.5 0 0 1 17 7v13H7.5A2.5 2.5 0 0 1 5 17.5zM5 17.5A2.5 2.5 0 0 1 7.5 15H17M8.5 8.5h5',
    star: 'm12 4 2.4 5.1 5.6.7-4.1 3.8 1.1 5.5-5-2.8-5 2.8 1.1-5.5L4 9.8l5.6-.7z',
    chevron: 'm8 10 4 4 4-4',
    scan: 'M4 8.5V4h4.5M15.5 4H20v4.5M20 15.5V20h-4.5M8.5 20H4v-4.5M4 12h16',
    phone: 'M8 3h8a1.5 1.5 0 0 1 1.5 1.5v15A1.5 1.5 0 0 1 16 21H8a1.5 1.5 0 0 1-1.5-1.5v-15A1.5 1.5 0 0 1 8 3zM11 18h2',
    globe: 'M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17zM3.5 12h17M12 3.5c2.3 2.4 3.4 5.2 3.4 8.5S14.3 18.1 12 20.5c-2.3-2.4-3.4-5.2-3.4-8.5S9.700 5.900 12 3.5',
    mic: 'M12 3.5a2.8 2.8 0 0 0-2.8 2.8v5a2.8 2.8 0 0 0 5.6 0v-5A2.8 2.8 0 0 0 12 3.5zM6 11.3a6 6 0 0 0 12 0M12 17.3v3.2M9 20.5h6',
  };

  function icon(name) {
    const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    svg.setAttribute('viewBox', '0 0 24 24');
    svg.setAttribute('aria-hidden', 'true');
    svg.setAttribute('class', `icon icon-${name}`);
    path.setAttribute('d', ICONS[name]);
    svg.append(path);
    return svg;
  }

  const LINK = /https?:\/\/[^\s<>"'，。；：！？、（）《》【】“”]+/g;

  /** Text with its addresses as links: https, and plain http of this very site (a hub inside a tax network). */
  function inline(text) {
    const parts = [];
    let end = 0;
    for (const match of text.matchAll(LINK)) {
      const url = match[0].replace(/[.,;:!?)]+$/, '');
      if (url.startsWith('http:') && !url.startsWith(`${window.location.origin}/`)) continue;
      parts.push(text.slice(end, match.index), link(url, url));
      end = match.index + url.length;
    }
    parts.push(text.slice(end));
    return parts;
  }

  function link(url, text) {
    return h('a', { href: url, target: '_blank', rel: 'noopener noreferrer' }, text);
  }

  /** Paragraphs at blank lines, line breaks kept, runs of "- " lines as a list. */
  function prose(text) {
    const blocks = [];
    for (const paragraph of text.replace(/\r\n?/g, '\n').split(/\n{2,}/)) {
      let open = null;
      for (const line of paragraph.split('\n')) {
        const item = /^\s*[-•]\s+(.*)$/.exec(line);
        const tag = item ? 'UL' : 'P';
        if (!open || open.tagName !== tag) {
          open = h(tag);
          blocks.push(open);
        } else if (!item) {
          open.append(h('br'));
        }
        if (item) open.append(h('li', null, ...inline(item[1])));
        else open.append(...inline(line));
      }
    }
    return blocks;
  }

  const day = (moment) => new Date(moment).toLocaleDateString('sv-SE', { timeZone: TIME_ZONE });

  function clock(moment, t) {
    const time = new Date(moment).toLocaleTimeString(t('locale'), { timeZone: TIME_ZONE, hour: '2-digit', minute: '2-digit', hour12: false });
    return day(moment) === day(Date.now()) ? time : `${day(moment)} ${time}`;
  }

  function validity({ effective_from: from, effective_to: to }, t) {
    if (from && to) return t('from_to', { from, to });
    if (from) return t('from_on', { from });
    return to ? t('until', { to }) : null;
  }

  const AUTHORITIES = ['law', 'administrative_regulation', 'department_rule', 'normative_document', 'guidance'];

  function citationItem(citation, t) {
    const title = citation.title || citation.document_number || t('basis_untitled');
    const linked = /^https:\/\//.test(citation.url || '');
    const authority = AUTHORITIES.includes(citation.authority) ? t(citation.authority) : citation.authority;
    const facts = [
      [t('number'), citation.document_number], [t('article'), citation.article], [t('validity'), validity(citation, t)],
      [t('authority'), authority],
    ];
    const list = h('dl');
    for (const [name, value] of facts) if (value) list.append(h('div', null, h('dt', null, name), h('dd', { lang: spokenIn(value) }, value)));
    return h('li', null, h('div', { class: 'citation-title', lang: spokenIn(title) }, linked ? link(citation.url, title) : title), list);
  }

  function citations(entry, t) {
    if (!entry.citations.length) return null;
    return h('details', { class: 'citations' },
      h('summary', null, icon('book'), t('basis', { n: entry.citations.length }), icon('chevron')),
      h('ol', null, ...entry.citations.map((citation) => citationItem(citation, t))));
  }

  function bytes(size) {
    return size < MEGABYTE ? `${Math.max(1, Math.round(size / 1024))} KB` : `${(size / MEGABYTE).toFixed(1)} MB`;
  }

  function attachmentItem(attachment, saveFile, t) {
    const name = attachment.name || attachment.title || t('attachment');
    const shown = h('span', { lang: spokenIn(name) }, attachment.size ? t('file_sized', { name, size: bytes(attachment.size) }) : name);
    if (attachment.id) {
      return h('li', null, icon('clip'), h('button', { type: 'button', class: 'saved-file', title: t('file_save'), onclick: () => saveFile(attachment) }, shown));
    }
    return h('li', null, icon('clip'), /^https:\/\//.test(attachment.url || '') ? link(attachment.url, name) : shown);
  }

  const SCORES = [5, 4, 3, 2, 1];
  const SPEAKERS = { user: 'you', bot: 'bot', agent: 'agent', system: 'system' };

  const speaker = (author, t) => t(SPEAKERS[author] || 'system');

  /** The talk as text to keep or to send on, times in China. */
  function transcript(record, t) {
    const when = (moment) => new Date(moment).toLocaleString(t('locale'), { timeZone: TIME_ZONE, hour12: false });
    const lines = record.messages.map((message) => {
      const cited = (message.citations || []).map((citation) => (
        t('basis_line', { title: [citation.title, citation.document_number, citation.article].filter(Boolean).join(' ') })));
      const named = message.author === 'agent' && message.author_name;
      const who = named ? t('record_agent', { name: message.author_name }) : speaker(message.author, t);
      return [`[${when(message.created_at)}] ${t('speaker', { who })}`, message.text, ...cited].join('\r\n');
    });
    const head = [t('record'), t('record_number', { id: record.conversation_id }), t('disclaimer')];
    return [...head, '', lines.join('\r\n\r\n'), ''].join('\r\n');
  }

  function save(text, type, name) {
    saveBlob(new Blob(['\ufeff'.repeat(Number(name.endsWith('.txt'))), text], { type: `${type};charset=utf-8` }), name);
  }

  function saveBlob(blob, name) {
    const url = URL.createObjectURL(blob);
    h('a', { href: url, download: name }).click();
    setTimeout(() => URL.revokeObjectURL(url), 10000);
  }

  /** One message. `say(text, payload)` sends what a button or chip stands for, `saveFile(attachment)` saves a file. */
  function entryNode(entry, say, saveFile, t) {
    const words = entry.attachments.length && LABELS.test(entry.text) ? '' : entry.text;
    const bubble = h('div', { class: 'bubble', lang: spokenIn(words) }, ...(words || !entry.attachments.length ? prose(words) : []));
    if (entry.attachments.length) {
      bubble.append(h('ul', { class: 'attachments', lang: t('locale') }, ...entry.attachments.map((one) => attachmentItem(one, saveFile, t))));
    }
    const cited = citations(entry, t);
    if (cited) {
      cited.lang = t('locale');
      bubble.append(cited);
    }
    const body = h('div', { class: 'body' }, h('span', { class: 'visually-hidden' }, t('speaker', { who: speaker(entry.author, t) })));
    if (entry.author === 'agent') body.append(h('span', { class: 'human', 'aria-hidden': 'true' }, icon('person'), t('agent')));
    body.append(bubble);
    if (entry.buttons.length) {
      body.append(h('div', { class: 'buttons' }, ...entry.buttons.map((button) => (
        h('button', { type: 'button', lang: spokenIn(button.title), onclick: () => say(button.title, button.payload) }, button.title)))));
    }
    if (entry.related.length) {
      body.append(h('div', { class: 'related' }, h('span', { class: 'label' }, t('related')), ...entry.related.map((related) => (
        chip(related.title, () => say(related.title))))));
    }
    if (entry.author !== 'system') body.append(h('div', { class: 'meta' }));
    const avatar = entry.author === 'bot' || entry.author === 'agent';
    return h('div', { class: 'entry', 'data-author': entry.author },
      avatar ? h('span', { class: 'avatar', 'aria-hidden': 'true' }, icon(entry.author === 'bot' ? 'chat' : 'person')) : null, body);
  }

  /** A question that a press asks. */
  function chip(question, onclick) {
    return h('button', { type: 'button', class: 'chip', lang: spokenIn(question), onclick }, question);
  }

  function statusNode(entry, retry, t) {
    if (entry.status === 'failed') {
      const reason = entry.note ? t('because', { reason: entry.note }) : '';
      return h('button', { type: 'button', class: 'retry', onclick: () => retry(entry) }, t('failed') + reason);
    }
    if (entry.status === 'waiting' && entry.wait) return t('sent_in', { reason: entry.note, n: entry.wait });
    return { sending: t('sending'), waiting: entry.note || t('waiting'), sent: t('sent') }[entry.status] || '';
  }

  // ------------------------------------------------------------------------------------------ Dictation

  /**
   * Speech to text by the browser's own recogniser, into a field; it never sends. `told(key)` hears what is to be said of
   * it, a key of WORDS, or null when it ended without anything to say.
   */
  class Dictation {
    constructor(field, told, changed) {
      this.field = field;
      this.told = told;
      this.changed = changed;
      this.recogniser = null;
    }

    static get maker() { return window.SpeechRecognition || window.webkitSpeechRecognition || null; }

    /** Browsers offer the microphone to secure pages only. */
    static get possible() { return Boolean(Dictation.maker) && window.isSecureContext !== false; }

    get listening() { return this.recogniser !== null; }

    start() {
      const recogniser = new Dictation.maker();
      const before = this.field.value;
      let trouble = null;
      Object.assign(recogniser, { lang: 'zh-CN', interimResults: true, continuous: false, maxAlternatives: 1 });
      recogniser.onresult = (event) => {
        if (recogniser !== this.recogniser) return;
        const heard = Array.from(event.results, (result) => result[0].transcript).join('');
        this.field.value = (before + heard).slice(0, MAX_TEXT);
        this.changed();
      };
      recogniser.onerror = (event) => { trouble = Dictation.trouble(event.error); };
      recogniser.onend = () => {
        if (recogniser !== this.recogniser) return;
        this.recogniser = null;
        this.told(trouble);
      };
      this.recogniser = recogniser;
      try {
        recogniser.start();
        this.told('voice_listening');
      } catch (refused) {
        this.recogniser = null;
        this.told('voice_failed');
      }
    }

    /** What was heard so far is recognised to its end. */
    finish() {
      if (this.recogniser) this.recogniser.stop();
    }

    /** The person goes on by hand: what comes after this is not theirs any more. */
    abandon() {
      const recogniser = this.recogniser;
      if (!recogniser) return;
      this.recogniser = null;
      recogniser.abort();
      this.told(null);
    }

    static trouble(error) {
      const known = {
        'not-allowed': 'voice_refused', 'service-not-allowed': 'voice_refused', 'no-speech': 'voice_silent',
        'audio-capture': 'voice_no_microphone', network: 'voice_network', aborted: null,
      };
      return error in known ? known[error] : 'voice_failed';
    }
  }

  // -------------------------------------------------------------------------------------------- Element

  const FOCUSABLE = 'a[href], button:not([disabled]), textarea, input, summary, [tabindex="0"]';
  const phone = matchMedia('(max-width: 600px)');

  /** Tab stops once at a group of radio buttons: at the chosen one, or at the first. */
  function stopsTab(element) {
    if (element.type !== 'radio') return true;
    const group = [...element.form.elements[element.name]];
    return element === (group.find((one) => one.checked) || group[0]);
  }

  class TaxChat extends HTMLElement {
    static get observedAttributes() { return ['large', 'heading', 'bureau', 'mode', 'attachments', 'language']; }

    /** Every word of the interface, by language. */
    static get words() { return WORDS; }

    connectedCallback() {
      if (!this.parts) this.build();
      if (this.settings.get('large') && !this.large) this.large = true;
      this.conversation.start();
      this.onViewport = () => this.fitViewport();
      this.onVisibility = () => this.update();
      this.onOnline = () => { if (this.visible) this.loadSite(); };
      window.addEventListener('online', this.onOnline);
      document.addEventListener('visibilitychange', this.onVisibility);
      if (window.visualViewport) window.visualViewport.addEventListener('resize', this.onViewport);
      if (this.visible) this.loadSite();
      this.update();
    }

    disconnectedCallback() {
      this.dictation.abandon();
      if (this.endDialog) this.endDialog();
      this.conversation.stop();
      this.nodes.clear();
      fill(this.parts.log);
      window.removeEventListener('online', this.onOnline);
      document.removeEventListener('visibilitychange', this.onVisibility);
      if (window.visualViewport) window.visualViewport.removeEventListener('resize', this.onViewport);
    }

    attributeChangedCallback(name) {
      if (!this.parts) return;
      if (name === 'language') this.showLanguage();
      this.update();
    }

    get hub() { return (this.getAttribute('hub') || SCRIPT_ORIGIN).replace(/\/+$/, ''); }

    get pageMode() { return this.getAttribute('mode') === 'page'; }

    get visible() { return this.pageMode || this.isOpen; }

    get large() { return this.hasAttribute('large'); }

    set large(on) {
      if (Boolean(on) !== this.large) this.toggleAttribute('large', Boolean(on));
    }

    /** What the person chose, else what the page says. */
    get language() {
      return [this.settings.get('language'), this.getAttribute('language')].find((one) => WORDS[one]) || FALLBACK_LANGUAGE;
    }

    /** A sentence of the interface. */
    t(key, values = {}) { return filled(WORDS[this.language][key], values); }

    /** Opens the panel and puts the question; before consent it is only filled in, under the privacy notice. */
    ask(text) {
      const noticed = this.visible || this.store.get('consent');
      this.open();
      if (noticed) {
        this.say(text);
      } else {
        this.parts.input.value = text.slice(0, MAX_TEXT);
        this.fitInput();
        this.parts.send.focus();
      }
    }

    open() {
      if (this.visible) return;
      this.isOpen = true;
      this.returnFocus = document.activeElement;
      this.loadSite();
      this.fitViewport();
      this.update();
      this.scrollToEnd();
      // A phone's keyboard would hide the greeting and the suggestions.
      (matchMedia('(pointer: coarse)').matches ? this.parts.panel : this.parts.input).focus();
    }

    close() {
      if (!this.isOpen) return;
      this.isOpen = false;
      this.closeMenu();
      this.dictation.abandon();
      if (this.endDialog) this.endDialog();
      this.update();
      const target = this.returnFocus && this.returnFocus !== document.body && this.returnFocus.isConnected ? this.returnFocus : null;
      (target && target !== this ? target : this.parts.launcher).focus();
    }

    build() {
      this.settings = new Store('tax-chat:');
      this.store = new Store(`tax-chat:${this.hub}:`);
      this.wording = (key, values) => this.t(key, values);
      this.api = new Api(this.hub, this.wording);
      this.conversation = new Conversation(this.api, this.store, () => this.scheduleUpdate());
      this.tray = new Tray(this.conversation, () => this.scheduleUpdate());
      this.nodes = new Map();
      this.isOpen = false;
      this.site = null;
      this.labels = [];
      const root = this.attachShadow({ mode: 'open' });
      applyStyles(root, this.nonce || SCRIPT_NONCE);

      /** A part whose words change with the language: attributes, or `text`, by keys of WORDS. */
      const labelled = (node, keys) => {
        this.labels.push([node, keys]);
        return node;
      };
      const iconButton = (name, key, onclick, extra) => labelled(
        h('button', { type: 'button', class: 'icon-button', onclick, ...extra }, icon(name)), { 'aria-label': key, title: key });
      const words = (tag, attributes, key) => labelled(h(tag, attributes), { text: key });
      const parts = {};
      parts.badge = h('span', { class: 'badge', hidden: true });
      parts.launcher = h('button', { type: 'button', class: 'launcher', 'aria-haspopup': 'dialog', onclick: () => this.open() },
        icon('chat'), words('span', { class: 'launcher-text' }, 'launcher'), parts.badge);
      parts.title = h('h2', { class: 'title', id: 'title' });
      parts.service = h('span');
      parts.bureau = h('span');
      parts.subtitle = h('p', { class: 'subtitle' }, parts.service, parts.bureau);
      parts.sandbox = words('span', { class: 'sandbox', hidden: true }, 'sandbox');
      parts.size = labelled(h('button', { type: 'button', class: 'icon-button size', onclick: () => this.toggleLarge() }), { text: 'large', title: 'large_title' });
      parts.menuButton = iconButton('more', 'more', () => this.toggleMenu(), { 'aria-haspopup': 'menu', 'aria-expanded': 'false' });
      parts.close = iconButton('close', 'close', () => this.close(), { class: 'icon-button close' });
      parts.menu = labelled(h('div', { class: 'menu', role: 'menu', hidden: true, onkeydown: (event) => this.onMenuKey(event) }), { 'aria-label': 'more' });
      parts.offer = h('div', { class: 'offer', hidden: true });
      parts.banner = h('div', { class: 'banner', role: 'status', hidden: true });
      parts.strip = h('div', { class: 'strip', role: 'status', hidden: true });
      parts.rate = labelled(h('button', { type: 'button', class: 'rate', hidden: true, onclick: () => this.rate() }), { text: 'rate_agent' });
      parts.greeting = h('div', { class: 'greeting' });
      parts.log = labelled(h('div', { class: 'log', role: 'log', 'aria-live': 'off' }), { 'aria-label': 'log' });
      parts.typing = h('div', { class: 'typing', role: 'status', hidden: true },
        h('span', { class: 'dots', 'aria-hidden': 'true' }, h('i'), h('i'), h('i')), h('span', { class: 'typing-text' }));
      parts.scroll = labelled(h('div', { class: 'scroll', tabindex: '0', role: 'region', onscroll: () => this.onScroll() },
        parts.greeting, parts.log, parts.typing), { 'aria-label': 'talk' });
      parts.newer = h('button', { type: 'button', class: 'newer', hidden: true, onclick: () => this.scrollToEnd() }, icon('scroll'), words('span', null, 'newer'));
      parts.consent = h('p', { class: 'consent', id: 'consent' }, words('span', null, 'consent'),
        words('a', { href: `${this.hub}/privacy`, target: '_blank', rel: 'noopener' }, 'privacy'), words('span', null, 'consent_end'));
      parts.human = labelled(h('button', { type: 'button', class: 'human-button', onclick: () => this.say(SPOKEN.human) },
        icon('headset'), words('span', { 'aria-hidden': 'true' }, 'human_short')), { 'aria-label': 'human' });
      parts.input = labelled(h('textarea', {
        class: 'input', id: 'input', rows: '1', maxlength: String(MAX_TEXT),
        'aria-describedby': 'consent', enterkeyhint: 'send', autocomplete: 'off',
        onkeydown: (event) => this.onInputKey(event), oninput: () => { this.dictation.abandon(); this.keepDraft(); },
        onpaste: (event) => this.takeFiles(event, event.clipboardData),
      }), { placeholder: 'placeholder', 'aria-label': 'input' });
      parts.file = labelled(h('input', {
        type: 'file', hidden: true, multiple: true, accept: 'image/*,.pdf,.ofd,.doc,.docx,.xls,.xlsx,.txt,.csv,.xml,.zip',
        onchange: () => { this.choose([...parts.file.files]); parts.file.value = ''; },
      }), { 'aria-label': 'attach' });
      parts.attach = iconButton('clip', 'attach', () => parts.file.click(), { class: 'icon-button attach' });
      parts.fileNote = h('p', { class: 'file-note', role: 'status', hidden: true });
      parts.tray = labelled(h('ul', { class: 'tray', hidden: true }), { 'aria-label': 'tray' });
      parts.mic = h('button', { type: 'button', class: 'icon-button mic', 'aria-pressed': 'false', onclick: () => this.toggleVoice() }, icon('mic'));
      parts.voiceNote = h('p', { class: 'voice-note', role: 'status', hidden: true });
      parts.send = labelled(h('button', { type: 'submit', class: 'send' }, icon('send')), { 'aria-label': 'send', title: 'send' });
      parts.form = h('form', { class: 'composer', onsubmit: (event) => { event.preventDefault(); this.submit(); } },
        parts.human, parts.attach, parts.input, parts.mic, parts.send);
      parts.confirm = h('div', { class: 'confirm', hidden: true, onmousedown: (event) => { if (event.target === parts.confirm) event.preventDefault(); } });
      parts.panel = h('section', {
        class: 'panel', tabindex: '-1', 'aria-labelledby': 'title', onkeydown: (event) => this.onPanelKey(event),
        ondragover: (event) => { if (this.hasAttribute('attachments')) event.preventDefault(); },
        ondrop: (event) => this.takeFiles(event, event.dataTransfer),
      },
      h('header', { class: 'header' },
        h('span', { class: 'mark', 'aria-hidden': 'true' }, icon('chat')),
        h('div', { class: 'titles' }, parts.title, h('div', { class: 'subtitle-row' }, parts.sandbox, parts.subtitle)),
        parts.size, parts.menuButton, parts.close, parts.menu),
      parts.offer, parts.banner, parts.strip, parts.rate,
      h('div', { class: 'middle' }, parts.scroll, parts.newer),
      h('div', { class: 'bottom' }, h('div', { class: 'above' }, parts.voiceNote, parts.fileNote, parts.tray),
        parts.consent, parts.form, parts.file, words('p', { class: 'footer' }, 'disclaimer')),
      parts.confirm);
      this.parts = parts;
      this.dictation = new Dictation(parts.input, (key) => this.tellOfVoice(key), () => this.keepDraft());
      parts.input.value = this.store.get('draft') || '';
      this.showLanguage();
      root.append(parts.launcher, parts.panel);
    }

    async loadSite() {
      if (this.site || this.loadingSite) return;
      this.loadingSite = true;
      try {
        this.site = await this.api.request('GET', '/site');
      } catch (error) {
        // The window works without it; the next opening or reconnection asks again.
      } finally {
        this.loadingSite = false;
      }
      this.update();
    }

    // Acting

    keepDraft() {
      this.fitInput();
      this.store.set('draft', this.parts.input.value);
    }

    async submit() {
      const { input } = this.parts;
      this.dictation.abandon();
      input.focus();
      if (!input.value.trim() && !this.tray.items.length) return;
      let attachments = [];
      if (this.tray.items.length) {
        this.consent();
        attachments = await this.tray.upload();
        // the words wait for their files; each file says what is wrong with it
        if (!attachments) return;
        this.tray.clear();
        // somebody may have begun to speak meanwhile
        this.dictation.abandon();
      }
      const text = input.value.trim();
      input.value = '';
      this.fitInput();
      this.store.remove('draft');
      if (text || attachments.length) this.say(text, undefined, attachments);
    }

    consent() {
      if (!this.store.get('consent')) this.store.set('consent', new Date().toISOString());
    }

    say(text, payload, attachments) {
      this.consent();
      this.follow = true;
      this.conversation.send(text.slice(0, MAX_TEXT), payload, attachments);
    }

    toggleLarge() {
      this.large = !this.large;
      this.settings.set('large', this.large);
      this.dispatchEvent(new CustomEvent('tax-chat-large', { bubbles: true, composed: true, detail: { large: this.large } }));
    }

    choose(files) {
      this.tray.add(files);
      this.parts.input.focus();
    }

    /** Files that were pasted or dropped; pasted text goes its own way. */
    takeFiles(event, transfer) {
      if (!this.hasAttribute('attachments') || !transfer || !transfer.files.length) return;
      event.preventDefault();
      this.choose([...transfer.files]);
    }

    async saveFile(attachment) {
      try {
        saveBlob(await this.conversation.file(attachment.id), attachment.name || this.t('attachment'));
      } catch (error) {
        this.tell('file_failed', { reason: error.message });
      }
    }

    /** The record as programs read it, or as people do. */
    async exportRecord(readable) {
      try {
        const record = await this.conversation.exportRecord();
        const name = `${this.t('record_file')}-${day(Date.now())}`;
        if (readable) save(transcript(record, this.wording), 'text/plain', `${name}.txt`);
        else save(JSON.stringify(record, null, 2), 'application/json', `${name}.json`);
      } catch (error) {
        this.tell('export_failed', { reason: error.message });
      }
    }

    async eraseRecord() {
      try {
        await this.conversation.erase();
        this.forgetView();
        this.tell('erased');
      } catch (error) {
        this.tell('erase_failed', { reason: error.message });
      }
    }

    forgetView() {
      this.parts.input.value = '';
      this.fitInput();
      this.tray.clear();
      for (const name of ['draft', 'consent']) this.store.remove(name);
      this.update();
    }

    tell(key, values) {
      this.conversation.notice = { key, values };
      this.update();
    }

    // Language

    /** Puts every word of the interface into the language; what was said keeps its own. */
    showLanguage() {
      const { parts } = this;
      for (const element of [parts.launcher, parts.panel]) element.lang = this.language;
      for (const [node, keys] of this.labels) {
        for (const [name, key] of Object.entries(keys)) {
          if (name === 'text') node.textContent = this.t(key);
          else node.setAttribute(name, this.t(key));
        }
      }
      // built anew, for the words between what was said; nobody wants the whole talk read aloud for it
      parts.log.setAttribute('aria-live', 'off');
      this.nodes.clear();
      fill(parts.log);
      fill(parts.tray);
      setText(parts.voiceNote, '');
    }

    chooseLanguage(language) {
      this.settings.set('language', language);
      this.showLanguage();
      this.update();
      this.dispatchEvent(new CustomEvent('tax-chat-language', { bubbles: true, composed: true, detail: { language } }));
    }

    askLanguage() {
      const choices = h('div', { class: 'choices', role: 'radiogroup', 'aria-labelledby': 'dialog-title' },
        ...Object.entries(WORDS).map(([code, { name }]) => h('label', null,
          h('input', { type: 'radio', name: 'language', value: code, checked: code === this.language }), h('span', { lang: code }, name))));
      // the note stands there in each language, for whoever cannot read the present one
      const note = [...new Set([this.language, 'en'])].map((code) => h('p', { lang: code }, WORDS[code].language_text));
      const form = this.form('language_question', [choices, ...note], 'cancel', 'language_verb', () => {
        const { value } = form.elements.language;
        end();
        this.chooseLanguage(value);
      });
      const end = this.openDialog(form, { focus: form.querySelector('input:checked') });
    }

    /** The browser's own language is offered once, and changes nothing by itself. */
    updateOffer() {
      const { offer } = this.parts;
      const wanted = preferredLanguage();
      const settled = this.settings.get('language') || this.settings.get('language-kept');
      offer.hidden = Boolean(settled) || wanted === this.language;
      if (offer.hidden || offer.dataset.shown === wanted + this.language) return;
      offer.dataset.shown = wanted + this.language;
      fill(offer,
        h('button', { type: 'button', lang: wanted, onclick: () => { this.chooseLanguage(wanted); this.parts.menuButton.focus(); } }, WORDS[wanted].language_offer),
        h('button', {
          type: 'button', lang: wanted, class: 'icon-button', 'aria-label': WORDS[wanted].language_keep,
          onclick: () => { this.settings.set('language-kept', true); this.update(); this.parts.menuButton.focus(); },
        }, icon('close')));
    }

    // Voice

    toggleVoice() {
      if (this.dictation.listening) this.dictation.finish();
      else if (this.settings.get('voice')) this.dictation.start();
      else this.askForVoice();
    }

    /** Asked once: the sound leaves the device by the browser's own ways, not by ours. */
    askForVoice() {
      const form = this.form('voice_question', [h('p', null, this.t('voice_text'))], 'cancel', 'voice_verb', () => {
        this.settings.set('voice', true);
        end();
        this.dictation.start();
      });
      const end = this.openDialog(form);
    }

    tellOfVoice(key) {
      const { mic, voiceNote } = this.parts;
      this.updateVoice();
      setText(voiceNote, key ? this.t(key) : '');
      voiceNote.classList.toggle('trouble', Boolean(key) && key !== 'voice_listening');
      if (key !== 'voice_listening' && this.shadowRoot.activeElement === mic && this.parts.input.value) this.parts.input.focus();
    }

    updateVoice() {
      const { mic } = this.parts;
      const label = this.t(this.dictation.listening ? 'voice_stop' : 'voice');
      mic.hidden = !Dictation.possible;
      mic.setAttribute('aria-pressed', String(this.dictation.listening));
      mic.setAttribute('aria-label', label);
      mic.title = label;
    }

    // Menu and confirmation

    menuItems() {
      const recorded = Boolean(this.conversation.session);
      const items = [];
      if (!this.conversation.withHuman) items.push(['headset', this.t('human'), () => this.say(SPOKEN.human)]);
      items.push(['restart', this.t('clear'), () => this.confirm('clear', () => { this.conversation.reset(); this.forgetView(); })]);
      if (recorded && this.conversation.answered) items.push(['star', this.t('rate'), () => this.rate()]);
      const carries = (this.site && this.site.carries) || [];
      if (recorded && carries.includes('wechat')) items.push(['scan', this.t('wechat'), () => this.carryToWechat()]);
      if (recorded && carries.includes('sms')) items.push(['phone', this.t('sms'), () => this.carryToPhone()]);
      if (recorded) {
        items.push(['scroll', this.t('download'), () => this.exportRecord(true)]);
        items.push(['download', this.t('export'), () => this.exportRecord(false)]);
        items.push(['trash', this.t('erase'), () => this.confirm('erase', () => this.eraseRecord())]);
      }
      items.push(['globe', this.t('language'), () => this.askLanguage(), this.language === 'en' ? FALLBACK_LANGUAGE : 'en']);
      return items;
    }

    toggleMenu() {
      if (!this.parts.menu.hidden) {
        this.closeMenu();
        return;
      }
      fill(this.parts.menu, ...this.menuItems().map(([name, label, act, also]) => (
        h('button', { type: 'button', role: 'menuitem', tabindex: '-1', onclick: () => { this.closeMenu(); act(); } }, icon(name), label,
          also ? h('span', { class: 'also', lang: also }, WORDS[also].language) : null))));
      this.parts.menu.hidden = false;
      this.parts.menuButton.setAttribute('aria-expanded', 'true');
      this.parts.menu.firstChild.focus();
      this.onOutside = (event) => { if (!event.composedPath().includes(this.parts.menu)) this.closeMenu(false); };
      setTimeout(() => document.addEventListener('pointerdown', this.onOutside));
    }

    closeMenu(refocus = true) {
      if (this.parts.menu.hidden) return;
      this.parts.menu.hidden = true;
      this.parts.menuButton.setAttribute('aria-expanded', 'false');
      document.removeEventListener('pointerdown', this.onOutside);
      if (refocus) this.parts.menuButton.focus();
    }

    onMenuKey(event) {
      const items = [...this.parts.menu.children];
      const at = items.indexOf(this.shadowRoot.activeElement);
      const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
      if (to !== undefined) {
        event.preventDefault();
        items[(to + items.length) % items.length].focus();
      } else if (event.key === 'Escape' || event.key === 'Tab') {
        event.preventDefault();
        event.stopPropagation();
        this.closeMenu();
      }
    }

    // Dialogs

    /** Shows a box over the panel: it keeps the focus inside, Escape ends it, and the focus goes back to where it was. */
    openDialog(box, { focus = box.querySelector('button'), ended = () => {} } = {}) {
      const { confirm, menuButton } = this.parts;
      if (this.endDialog) this.endDialog();
      const before = this.shadowRoot.activeElement;
      const end = () => {
        if (this.endDialog !== end) return;
        this.endDialog = null;
        confirm.hidden = true;
        fill(confirm);
        ended();
        this.update();
        (before && before.offsetParent !== null ? before : menuButton).focus();
      };
      this.endDialog = end;
      box.addEventListener('keydown', (event) => {
        if (event.isComposing || (event.key !== 'Escape' && event.key !== 'Tab')) return;
        event.stopPropagation();
        if (event.key === 'Escape') end();
        else this.cycleFocus(event, confirm);
      });
      fill(confirm, box);
      confirm.hidden = false;
      focus.focus();
      return end;
    }

    /** The box of a dialog, named by its title. */
    box(tag, title, attributes, ...content) {
      return h(tag, { class: 'confirm-box', role: 'dialog', 'aria-modal': 'true', 'aria-labelledby': 'dialog-title', tabindex: '-1', ...attributes },
        h('h3', { id: 'dialog-title' }, this.t(title)), ...content);
    }

    /** A dialog that is cancelled or agreed to; the first button cancels. */
    form(title, content, cancel, verb, onsubmit) {
      return this.box('form', title, { onsubmit: (event) => { event.preventDefault(); onsubmit(event); } }, ...content,
        h('div', { class: 'confirm-buttons' },
          h('button', { type: 'button', class: 'plain', onclick: () => this.endDialog() }, this.t(cancel)),
          h('button', { type: 'submit', class: 'primary' }, this.t(verb))));
    }

    /** Asks before something that cannot be taken back: the words under `<what>_question`, `_text` and `_verb`. */
    confirm(what, act) {
      const cancel = h('button', { type: 'button', class: 'plain', onclick: () => end() }, this.t('cancel'));
      const agree = h('button', { type: 'button', class: 'danger', onclick: () => { end(); act(); } }, this.t(`${what}_verb`));
      const box = this.box('div', `${what}_question`, { role: 'alertdialog', 'aria-describedby': 'dialog-text' },
        h('p', { id: 'dialog-text' }, this.t(`${what}_text`)), h('div', { class: 'confirm-buttons' }, cancel, agree));
      const end = this.openDialog(box, { focus: cancel });
    }

    // Satisfaction

    /** Asks how satisfied the person is; once given, a verdict can be given anew from the menu. */
    rate() {
      this.conversation.toRate = false;
      const trouble = h('p', { role: 'alert', hidden: true });
      const comment = h('textarea', { class: 'rating-comment', rows: '2', maxlength: '500', placeholder: this.t('comment'), 'aria-label': this.t('comment_label') });
      const scores = h('div', { class: 'choices', role: 'radiogroup', 'aria-labelledby': 'dialog-title' },
        ...SCORES.map((score) => h('label', null, h('input', { type: 'radio', name: 'score', value: score }), h('span', null, this.t(`score_${score}`)))));
      const form = this.form('rate_question', [scores, comment, trouble], 'rate_later', 'rate_verb', async () => {
        const chosen = form.elements.score.value;
        if (!chosen) {
          setText(trouble, this.t('rate_missing'));
          return;
        }
        const submit = form.querySelector('.primary');
        submit.disabled = true;
        try {
          await this.conversation.rate(Number(chosen), comment.value.trim());
          end();
          this.tell('rated');
        } catch (error) {
          submit.disabled = false;
          setText(trouble, this.t('rate_failed', { reason: error.message }));
        }
      });
      const end = this.openDialog(form, { focus: form.querySelector('input') });
    }

    // Going on elsewhere

    /** A code to scan, renewed for as long as it is looked at, until the talk has gone on in WeChat. */
    carryToWechat() {
      const { conversation } = this;
      const before = conversation.carried;
      const code = h('img', { class: 'code', alt: this.t('wechat_code'), width: '192', height: '192', hidden: true });
      const left = h('p', { class: 'code-left', role: 'timer', hidden: true });
      const status = h('p', { role: 'status' }, this.t('wechat_making'));
      const again = h('button', { type: 'button', class: 'plain', hidden: true, onclick: () => make() }, this.t('wechat_again'));
      const open = h('a', { target: '_blank', rel: 'noopener noreferrer' }, this.t('wechat_link'));
      const byLink = h('p', { class: 'code-link', hidden: true }, `${this.t('wechat_phone')} `, open);
      const close = h('button', { type: 'button', class: 'plain', onclick: () => end() }, this.t('close'));
      const box = this.box('div', 'wechat', { class: 'confirm-box carry' },
        h('ol', { class: 'steps' }, ...['wechat_scan', 'wechat_agree', 'wechat_after'].map((key) => h('li', null, this.t(key)))),
        h('div', { class: 'code-box' }, code, left, status), byLink, h('div', { class: 'confirm-buttons' }, again, close));
      let until = 0;
      let making = false;
      const make = async () => {
        making = true;
        again.hidden = true;
        try {
          const made = await conversation.carry('wechat');
          setText(status, until ? this.t('wechat_renewed') : '');
          until = Date.now() + made.expires_in * 1000;
          code.src = made.image;
          open.href = made.url;
          code.hidden = left.hidden = false;
          byLink.hidden = !matchMedia('(pointer: coarse)').matches && !phone.matches;
        } catch (error) {
          until = 0;
          code.hidden = left.hidden = byLink.hidden = true;
          again.hidden = false;
          setText(status, this.t('wechat_failed', { reason: error.message }));
        }
        making = false;
        tick();
      };
      const tick = () => {
        const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
        const time = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
        left.textContent = this.t('wechat_left', { time });
        // who has looked away gets the next one on coming back
        if (until && !seconds && !making && !document.hidden && this.endDialog === end) make();
      };
      const ticking = setInterval(tick, 1000);
      conversation.watched = true;
      this.onNews = () => {
        if (conversation.carried && conversation.carried !== before) this.tellCarried('wechat', {});
      };
      const end = this.openDialog(box, { focus: close, ended: () => {
        clearInterval(ticking);
        conversation.watched = false;
        this.onNews = null;
      } });
      conversation.poll();
      make();
    }

    /** To the phone that was proved in the talk, once the person has agreed. */
    carryToPhone() {
      const trouble = h('p', { role: 'alert', hidden: true });
      const verify = h('button', { type: 'button', class: 'plain', hidden: true, onclick: () => { end(); this.say(SPOKEN.sign_in); } }, this.t('sms_verify'));
      const form = this.form('sms', [h('p', null, this.t('sms_text')), trouble], 'cancel', 'sms_verb', async () => {
        const submit = form.querySelector('.primary');
        submit.disabled = true;
        try {
          const { tail } = await this.conversation.carry('sms', { consent: true });
          // where no stream passes, what it says of this is fetched
          this.conversation.catchUp().catch((error) => this.conversation.receivingFailed(error));
          if (this.endDialog === end) this.tellCarried('sms', { tail });
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
          submit.disabled = false;
          const known = { phone_not_verified: 'sms_no_phone', phone_opted_out: 'sms_opted_out' }[error.code];
          setText(trouble, known ? this.t(known) : this.t('sms_failed', { reason: error.message }));
          if (error.code !== 'phone_not_verified') return;
          submit.hidden = true;
          verify.hidden = false;
          verify.focus();
        }
      });
      form.querySelector('.confirm-buttons').append(verify);
      const end = this.openDialog(form);
    }

    /** In place of the dialog that had it go on elsewhere: where it goes on now. */
    tellCarried(door, values) {
      const done = h('button', { type: 'button', class: 'primary', onclick: () => this.endDialog() }, this.t('done'));
      const text = h('p', { id: 'dialog-text', role: 'status' }, this.t(`${door}_carried_text`, values));
      this.openDialog(this.box('div', `${door}_carried`, { 'aria-describedby': 'dialog-text' }, text, h('div', { class: 'confirm-buttons' }, done)));
    }

    // Keyboard and size

    onInputKey(event) {
      // 229 is how Safari marks the Enter that ends a composition.
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.submit();
    }

    onPanelKey(event) {
      if (this.pageMode || event.isComposing) return;
      if (event.key === 'Escape') {
        event.stopPropagation();
        this.close();
      } else if (event.key === 'Tab') {
        this.cycleFocus(event, this.parts.panel);
      }
    }

    cycleFocus(event, box) {
      const stops = [...box.querySelectorAll(FOCUSABLE)].filter((element) => element.offsetParent !== null && stopsTab(element));
      const first = stops[0];
      const last = stops[stops.length - 1];
      const active = this.shadowRoot.activeElement;
      if (!stops.length) return;
      if (event.shiftKey && (active === first || !stops.includes(active))) {
        event.preventDefault();
        last.focus();
      } else if (!event.shiftKey && active === last) {
        event.preventDefault();
        first.focus();
      }
    }

    fitInput() {
      const { input } = this.parts;
      input.style.height = 'auto';
      if (!input.value) return;  // a placeholder that wraps is no text
      input.style.height = `${Math.min(input.scrollHeight, 132)}px`;
    }

    /** iOS lays fixed boxes under its keyboard; the visual viewport tells what is left. */
    fitViewport() {
      const viewport = window.visualViewport;
      if (!viewport || this.pageMode || !this.isOpen) return;
      this.parts.panel.style.setProperty('--viewport-height', phone.matches ? `${viewport.height}px` : '');
    }

    onScroll() {
      const { scroll, newer } = this.parts;
      this.atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 60;
      if (this.atEnd) newer.hidden = true;
    }

    scrollToEnd() {
      this.parts.newer.hidden = true;
      this.parts.scroll.scrollTop = this.parts.scroll.scrollHeight;
    }

    // Showing

    scheduleUpdate() {
      if (this.updateDue) return;
      this.updateDue = true;
      Promise.resolve().then(() => { this.updateDue = false; this.update(); });
    }

    update() {
      if (!this.isConnected) return;
      this.updateFrame();
      this.updateNotices();
      this.updateGreeting();
      this.updateLog();
      this.updateTray();
      this.updateUnread();
      this.updateOffer();
      this.updateVoice();
      if (this.onNews) this.onNews();
    }

    updateFrame() {
      const { parts, site, conversation } = this;
      const bureau = this.getAttribute('bureau') || (site && site.bureau && site.bureau.name) || '';
      const { state } = conversation;
      const service = this.t(state === 'with_agent' || state === 'waiting_for_agent' ? state : 'online');
      parts.title.textContent = this.getAttribute('heading') || this.t('heading');
      parts.title.lang = spokenIn(parts.title.textContent) && this.hasAttribute('heading') ? 'zh' : this.language;
      parts.service.textContent = service + (bureau ? ' · ' : '');
      parts.bureau.textContent = bureau;
      parts.bureau.lang = spokenIn(bureau) || this.language;
      parts.sandbox.hidden = !(site && site.sandbox);
      parts.launcher.hidden = this.pageMode || this.isOpen;
      parts.panel.hidden = !this.visible;
      parts.close.hidden = this.pageMode;
      parts.panel.setAttribute('role', this.pageMode ? 'region' : 'dialog');
      parts.panel.toggleAttribute('aria-modal', false);
      if (this.isOpen && !this.pageMode && phone.matches) parts.panel.setAttribute('aria-modal', 'true');
      parts.size.setAttribute('aria-pressed', String(this.large));
      parts.human.hidden = conversation.withHuman;
      parts.attach.hidden = !this.hasAttribute('attachments');
      parts.consent.hidden = Boolean(this.store.get('consent'));
    }

    updateNotices() {
      const { parts, conversation } = this;
      const trouble = conversation.trouble ? this.t(`${conversation.trouble}_lost`) : '';
      setText(parts.banner, trouble);
      setText(parts.strip, this.stripText());
      parts.strip.dataset.state = conversation.state;
      parts.rate.hidden = !conversation.toRate;
      parts.typing.hidden = !conversation.typing || Boolean(conversation.trouble);
      setText(parts.typing.lastChild, parts.typing.hidden ? '' : this.t('typing', { who: this.t(conversation.withHuman ? 'agent' : 'bot') }));
    }

    stripText() {
      const { state, queue, notice } = this.conversation;
      const told = notice ? this.t(notice.key, notice.values) : '';
      if (state === 'with_agent') return told || this.t('agent_here');
      if (state !== 'waiting_for_agent') return told;
      if (!queue) return this.t('agent_coming');
      const minutes = Math.ceil((queue.wait_seconds || 0) / 60);
      return this.t((queue.position > 1 ? 'queued' : 'next') + (minutes ? '_minutes' : ''), { n: queue.position - 1, minutes });
    }

    updateGreeting() {
      const { parts, site, conversation } = this;
      const text = (site && site.greeting) || this.t('greeting');
      const asked = conversation.entries.some((entry) => entry.author === 'user');
      const questions = asked || !site ? [] : site.suggested_questions || [];
      const shown = JSON.stringify([text, questions, this.language]);
      if (parts.greeting.dataset.shown === shown) return;
      parts.greeting.dataset.shown = shown;
      const node = entryNode(entryFrom({ id: 'greeting', author: 'bot', text }), () => {}, () => {}, this.wording);
      if (this.language !== FALLBACK_LANGUAGE) node.querySelector('.body').append(h('p', { class: 'label language-note' }, this.t('language_text')));
      if (questions.length) {
        node.querySelector('.body').append(h('div', { class: 'suggestions' }, h('span', { class: 'label' }, this.t('suggestions')),
          ...questions.map((question) => chip(question, () => this.say(question)))));
      }
      fill(parts.greeting, node);
    }

    updateLog() {
      const { parts, conversation, nodes } = this;
      const present = new Set(conversation.entries.map((entry) => entry.key));
      for (const [key, node] of nodes) {
        if (!present.has(key)) {
          node.remove();
          nodes.delete(key);
        }
      }
      let added = null;
      let position = parts.log.firstChild;
      const lastQuestion = conversation.entries.map((entry) => entry.author).lastIndexOf('user');
      conversation.entries.forEach((entry, index) => {
        let node = nodes.get(entry.key);
        if (!node) {
          node = entryNode(entry, (text, payload) => this.say(text, payload), (file) => this.saveFile(file), this.wording);
          nodes.set(entry.key, node);
          added = entry;
        }
        this.updateEntry(entry, node, index < lastQuestion);
        if (node === position) position = position.nextSibling;
        else parts.log.insertBefore(node, position);
      });
      // A reload must not read the whole history aloud.
      if (conversation.loaded || !conversation.session) setTimeout(() => parts.log.setAttribute('aria-live', 'polite'));
      if (added) this.showNewest(added);
      else if (this.follow && !parts.typing.hidden) this.scrollToEnd();
    }

    updateEntry(entry, node, answered) {
      // A form's buttons die with the answer; those under a cited answer are offers and stay.
      for (const button of node.querySelectorAll('.buttons button')) button.disabled = answered && !entry.citations.length;
      const mark = `${entry.status}|${entry.note}|${entry.createdAt}`;
      if (node.dataset.mark === mark) return;
      node.dataset.mark = mark;
      if (entry.status) node.dataset.status = entry.status;
      const meta = node.querySelector('.meta');
      if (!meta) return;
      fill(meta, h('time', { datetime: new Date(entry.createdAt).toISOString() }, clock(entry.createdAt, this.wording)));
      if (entry.status) meta.append(h('span', { class: 'status' }, statusNode(entry, (failed) => this.conversation.retry(failed), this.wording)));
    }

    /** Follows the talk, but keeps the beginning of a long answer in view and never drags a reader away. */
    showNewest(entry) {
      const { scroll, newer, log } = this.parts;
      if (this.follow || this.atEnd !== false || entry.author === 'user') {
        const asked = [...log.querySelectorAll('[data-author=user]')].pop();
        const end = scroll.scrollHeight - scroll.clientHeight;
        scroll.scrollTop = asked ? Math.min(end, asked.offsetTop - 12) : end;
      } else {
        newer.hidden = false;
      }
      this.follow = false;
      this.onScroll();
    }

    /** Rows stay the same elements, so that a button keeps its focus while the progress moves. */
    updateTray() {
      const { parts, tray } = this;
      setText(parts.fileNote, tray.refused ? this.t(tray.refused.key, tray.refused.values) : '');
      parts.tray.hidden = !tray.items.length;
      const rows = new Map([...parts.tray.children].map((row) => [row.dataset.key, row]));
      for (const item of tray.items) {
        const row = rows.get(item.key) || parts.tray.appendChild(this.trayRow(item));
        rows.delete(item.key);
        const [bar, note, again] = ['progress', '.note', '.again'].map((name) => row.querySelector(name));
        bar.hidden = item.progress === null;
        bar.value = item.progress || 0;
        setText(note, item.note);
        note.lang = spokenIn(item.note) || this.language;
        again.hidden = !item.note || item.refused;
      }
      for (const row of rows.values()) row.remove();
      parts.send.disabled = tray.busy;
    }

    trayRow(item) {
      const { name, size } = item.file;
      return h('li', { 'data-key': item.key }, icon('clip'),
        h('div', { class: 'what' }, h('span', { class: 'file-name', lang: spokenIn(name) }, name), h('span', { class: 'file-size' }, bytes(size)),
          h('progress', { max: '1', 'aria-label': this.t('file_uploading', { name }) }), h('p', { class: 'note', role: 'alert' })),
        h('button', { type: 'button', class: 'again', onclick: () => this.submit() }, this.t('file_again')),
        h('button', {
          type: 'button', class: 'icon-button', 'aria-label': this.t('file_remove_named', { name }), title: this.t('file_remove'),
          onclick: () => this.tray.remove(item),
        }, icon('close')));
    }

    updateUnread() {
      const { conversation, parts } = this;
      const heard = conversation.entries.filter((entry) => entry.id && entry.author !== 'user');
      const newest = heard.length ? heard[heard.length - 1].id : '';
      if (newest && this.visible && !document.hidden && this.store.get('read') !== newest) this.store.set('read', newest);
      const read = this.store.get('read');
      const unread = read === null ? 0 : heard.length - 1 - heard.findIndex((entry) => entry.id === read);
      parts.badge.hidden = !unread;
      parts.badge.textContent = unread > 99 ? '99+' : String(unread);
      parts.launcher.setAttribute('aria-label', this.t(unread ? 'launcher_unread' : 'launcher_label', { n: unread }));
      if (unread !== this.unread) {
        this.unread = unread;
        this.dispatchEvent(new CustomEvent('tax-chat-unread', { bubbles: true, composed: true, detail: { count: unread } }));
      }
    }
  }

  function setText(element, text) {
    if (element.textContent !== text) element.textContent = text;
    element.hidden = !text;
  }

  // --------------------------------------------------------------------------------------------- Styles

  const DARK = `
    --surface: #161d27; --raised: #1d2633; --sunken: #121821; --line: #313d4e; --text: #e8edf4; --muted: #a3b1c4;
    --brand: #7db8f5; --brand-strong: #1d4f86; --on-brand: #ffffff; --tint: #20344d; --on-tint: #cfe4fb;
    --agent: #1c3a2e; --on-agent: #d3f0e1; --agent-mark: #7fd1a6; --warn: #4a3512; --on-warn: #ffdf9e;
    --bad: #ff9d94; --shadow: 0 12px 40px rgba(0, 0, 0, .55);`;

  const CSS = `
    :host {
      --surface: #ffffff; --raised: #f1f5fa; --sunken: #f8fafc; --line: #d5dee9; --text: #17202c; --muted: #55647a;
      --brand: #0f5aa6; --brand-strong: #0f4c8f; --on-brand: #ffffff; --tint: #e6f0fb; --on-tint: #0c4a8a;
      --agent: #e4f4ec; --on-agent: #143d2a; --agent-mark: #17694a; --warn: #fff3d6; --on-warn: #6b4700;
      --bad: #b3261e; --shadow: 0 12px 40px rgba(16, 42, 77, .22);
      --s: 13px; --m: 16px; --l: 17px; --control: 46px; --radius: 16px;
      display: block; color: var(--text); color-scheme: light; font: 400 var(--m)/1.65 -apple-system, BlinkMacSystemFont,
        "PingFang SC", "HarmonyOS Sans SC", "Microsoft YaHei", "Noto Sans CJK SC", "Noto Sans SC", sans-serif;
      text-align: left; -webkit-text-size-adjust: 100%;
    }
    :host([large]) { --s: 17px; --m: 21px; --l: 22px; --control: 54px; }
    @media (prefers-color-scheme: dark) { :host(:not([theme=light])) { color-scheme: dark; ${DARK} } }
    :host([theme=dark]) { color-scheme: dark; ${DARK} }
    *, *::before, *::after { box-sizing: border-box; }
    [hidden] { display: none !important; }
    button, textarea { font: inherit; color: inherit; letter-spacing: inherit; }
    button { border: 0; background: none; padding: 0; cursor: pointer; -webkit-tap-highlight-color: transparent; }
    button:disabled { cursor: default; opacity: .55; }
    a { color: var(--brand); text-underline-offset: 2px; overflow-wrap: anywhere; }
    p, ul, ol, dl, dd, h2, h3 { margin: 0; padding: 0; }
    :focus:not(:focus-visible) { outline: none; }
    :focus-visible { outline: 3px solid var(--brand); outline-offset: 2px; }
    .icon { width: 22px; height: 22px; flex: none; fill: none; stroke: currentColor; stroke-width: 1.7;
      stroke-linecap: round; stroke-linejoin: round; }
    .visually-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

    .launcher { position: fixed; z-index: 2147483000; right: max(24px, env(safe-area-inset-right));
      bottom: max(24px, env(safe-area-inset-bottom)); display: inline-flex; align-items: center; gap: 8px; min-height: 56px;
      padding: 0 22px 0 18px; border-radius: 28px; background: var(--brand-strong); color: #fff; font-weight: 600;
      font-size: var(--l); box-shadow: var(--shadow); transition: transform .15s ease; }
    .launcher:hover { transform: translateY(-2px); }
    .launcher:focus-visible { outline-color: var(--brand); outline-offset: 3px; }
    .badge { position: absolute; top: -6px; right: -4px; min-width: 24px; height: 24px; padding: 0 7px; border-radius: 12px;
      background: #c62f25; color: #fff; font-size: 13px; font-weight: 700; line-height: 24px; text-align: center; }

    .panel { display: flex; flex-direction: column; position: relative; overflow: hidden; background: var(--surface);
      border: 1px solid var(--line); border-radius: var(--radius); }
    :host([mode=page]) { height: 100%; }
    :host([mode=page]) .panel { width: 100%; height: 100%; min-height: 320px; }
    :host(:not([mode=page])) .panel { position: fixed; z-index: 2147483000; right: 24px; bottom: 24px; width: 420px;
      height: min(720px, calc(100vh - 48px)); box-shadow: var(--shadow); animation: rise .18s ease-out; }
    :host([large]:not([mode=page])) .panel { width: 500px; }
    @keyframes rise { from { opacity: 0; transform: translateY(12px); } }

    .header { display: flex; align-items: center; gap: 4px; padding: 10px 8px 10px 16px; background: var(--brand-strong);
      color: #fff; position: relative; z-index: 2; flex: none; }
    .header :focus-visible { outline-color: #fff; outline-offset: -3px; }
    .mark { display: grid; place-items: center; width: 40px; height: 40px; margin-right: 8px; border-radius: 12px;
      background: rgba(255, 255, 255, .16); flex: none; }
    .titles { flex: 1; min-width: 0; }
    .subtitle-row { display: flex; align-items: center; gap: 8px; min-width: 0; margin-top: 1px; }
    .title { font-size: var(--l); font-weight: 650; line-height: 1.35; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
    .subtitle { font-size: var(--s); line-height: 1.4; color: #dbe8f7; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
    .sandbox { flex: none; padding: 0 7px; border-radius: 999px; background: #ffd978; color: #4d3500; font-size: 12px; font-weight: 600;
      line-height: 1.6; }
    .icon-button { display: inline-grid; place-items: center; width: 44px; height: 44px; flex: none; border-radius: 12px; }
    .header .icon-button:hover, .header .icon-button[aria-expanded=true] { background: rgba(255, 255, 255, .14); }
    .size { width: auto; min-width: 44px; padding: 0 8px; font-size: 15px; font-weight: 600; }
    .size[aria-pressed=true] { background: #fff; color: #0f4c8f; }
    .header .size[aria-pressed=true]:hover { background: #eaf2fb; }
    .icon-more { stroke-width: 3; }
    .menu { position: absolute; top: calc(100% - 4px); right: 12px; min-width: 190px; max-height: min(70vh, 560px); overflow-y: auto; padding: 6px; border-radius: 14px;
      background: var(--surface); color: var(--text); border: 1px solid var(--line); box-shadow: var(--shadow); }
    .menu button { display: flex; align-items: center; gap: 10px; width: 100%; min-height: 46px; padding: 6px 12px; border-radius: 10px;
      text-align: left; }
    .menu button:hover, .menu button:focus-visible { background: var(--raised); }
    .menu button:focus-visible { outline-color: var(--brand); outline-offset: -3px; }
    .menu .icon { color: var(--muted); }
    .menu .also { color: var(--muted); }

    .offer { display: flex; align-items: center; justify-content: center; gap: 4px; flex: none; padding: 0 4px 0 16px; background: var(--tint);
      color: var(--on-tint); }
    .offer button:first-child { flex: 1; min-height: 44px; text-decoration: underline; text-underline-offset: 3px; }
    .banner, .strip { flex: none; padding: 8px 16px; font-size: calc(var(--s) + 1px); line-height: 1.5; text-align: center; }
    .banner { background: var(--warn); color: var(--on-warn); }
    .strip { background: var(--tint); color: var(--on-tint); }
    .strip[data-state=with_agent] { background: var(--agent); color: var(--on-agent); }

    .middle { position: relative; flex: 1; min-height: 0; }
    .scroll { position: absolute; inset: 0; overflow-y: auto; overscroll-behavior: contain; padding: 20px 16px 12px;
      scrollbar-width: thin; scrollbar-color: var(--line) transparent; }
    .scroll:focus-visible { outline-offset: -3px; }
    .entry { display: flex; gap: 10px; margin-bottom: 18px; }
    .entry .body { min-width: 0; max-width: min(84%, 680px); }
    .entry[data-author=user] { justify-content: flex-end; }
    .entry[data-author=user] .body { display: flex; flex-direction: column; align-items: flex-end; }
    .entry[data-author=system] { justify-content: center; }
    .avatar { display: grid; place-items: center; width: 34px; height: 34px; border-radius: 50%; flex: none; background: var(--tint); color: var(--brand); }
    .avatar .icon { width: 19px; height: 19px; }
    [data-author=agent] > .avatar { background: var(--agent); color: var(--agent-mark); }
    .human { display: inline-flex; align-items: center; gap: 4px; margin-bottom: 4px; padding: 1px 10px 1px 7px; border-radius: 999px;
      background: var(--agent); color: var(--agent-mark); font-size: var(--s); font-weight: 600; }
    .human .icon { width: 15px; height: 15px; stroke-width: 2; }
    .bubble { width: fit-content; max-width: 100%; padding: 10px 14px; border-radius: 6px 16px 16px 16px; background: var(--raised);
      overflow-wrap: anywhere; }
    .bubble > * + * { margin-top: .55em; }
    .bubble ul { padding-left: 1.25em; }
    .bubble li + li { margin-top: .2em; }
    [data-author=user] .bubble { border-radius: 16px 6px 16px 16px; background: var(--brand-strong); color: var(--on-brand); }
    [data-author=user] .bubble a { color: inherit; }
    [data-author=agent] .bubble { background: var(--agent); color: var(--on-agent); }
    [data-author=system] .bubble { padding: 4px 14px; border-radius: 14px; background: var(--sunken); border: 1px solid var(--line); color: var(--muted);
      font-size: var(--s); text-align: center; }
    .meta { display: flex; gap: 8px; margin-top: 4px; font-size: var(--s); line-height: 1.4; color: var(--muted); }
    .meta:empty { display: none; }
    .retry { min-height: 44px; margin: -10px 0; color: var(--bad); text-align: right; text-decoration: underline; text-underline-offset: 3px; }
    [data-status=waiting] .bubble, [data-status=failed] .bubble { opacity: .75; }
    .attachments { list-style: none; padding: 0 !important; }
    .attachments li { display: flex; align-items: center; gap: 6px; }
    .saved-file { min-height: 44px; text-align: left; text-decoration: underline; text-underline-offset: 3px; overflow-wrap: anywhere; }
    .tray { list-style: none; margin-bottom: 8px; }
    .tray li { display: flex; align-items: center; gap: 10px; padding: 2px 2px 2px 12px; border: 1px solid var(--line); border-radius: 12px;
      background: var(--sunken); font-size: calc(var(--s) + 1px); line-height: 1.5; }
    .tray li + li { margin-top: 6px; }
    .tray .icon { width: 18px; height: 18px; color: var(--muted); }
    .what { flex: 1; min-width: 0; padding: 6px 0; }
    .file-name { overflow-wrap: anywhere; }
    .file-size { margin-left: 8px; color: var(--muted); white-space: nowrap; }
    .what progress { display: block; width: 100%; height: 6px; margin-top: 4px; accent-color: var(--brand); }
    .what .note { color: var(--bad); }
    .again { min-height: 44px; padding: 0 10px; color: var(--brand); font-weight: 600; }

    .citations { margin-top: 10px !important; border-top: 1px solid var(--line); font-size: calc(var(--s) + 1px); }
    .citations summary { display: inline-flex; align-items: center; gap: 6px; min-height: 44px; margin-bottom: -8px; cursor: pointer; list-style: none;
      color: var(--brand); font-weight: 600; border-radius: 8px; }
    .citations summary::-webkit-details-marker { display: none; }
    .citations summary .icon { width: 18px; height: 18px; }
    .citations summary .icon:last-child { transition: transform .15s ease; }
    .citations[open] summary .icon:last-child { transform: rotate(180deg); }
    .citations ol { list-style: none; margin-top: 8px; }
    .citations li { padding: 10px 12px; border-radius: 10px; background: var(--surface); border: 1px solid var(--line); }
    .citations li + li { margin-top: 8px; }
    .citation-title { font-weight: 600; line-height: 1.5; }
    .citations dl { margin-top: 4px; color: var(--muted); }
    .citations dl div { display: flex; gap: 10px; }
    .citations dt { flex: none; min-width: 4.2em; }
    .citations dd { color: var(--text); }

    .buttons, .related, .suggestions { display: flex; flex-wrap: wrap; gap: 8px; margin-top: 10px; }
    .label { flex-basis: 100%; font-size: var(--s); color: var(--muted); line-height: 1.3; }
    .buttons button { min-height: 44px; padding: 6px 18px; border-radius: 12px; background: var(--tint); color: var(--on-tint); font-weight: 600;
      text-align: left; line-height: 1.45; }
    .buttons button:not(:disabled):hover { box-shadow: inset 0 0 0 1.5px var(--brand); }
    .language-note { margin-top: 8px; }
    .chip { min-height: 44px; padding: 6px 16px; border: 1px solid var(--line); border-radius: 22px; background: var(--surface); color: var(--brand);
      text-align: left; line-height: 1.45; }
    .chip:hover { border-color: var(--brand); background: var(--sunken); }

    .typing { display: flex; align-items: center; gap: 10px; margin: 0 0 12px 44px; color: var(--muted); font-size: var(--s); }
    .dots { display: inline-flex; gap: 5px; padding: 13px 14px; border-radius: 6px 16px 16px 16px; background: var(--raised); }
    .dots i { width: 7px; height: 7px; border-radius: 50%; background: var(--muted); animation: blink 1.2s infinite; }
    .dots i:nth-child(2) { animation-delay: .2s; }
    .dots i:nth-child(3) { animation-delay: .4s; }
    @keyframes blink { 0%, 60%, 100% { opacity: .3; } 30% { opacity: 1; } }
    .newer { position: absolute; left: 50%; bottom: 12px; transform: translateX(-50%); display: inline-flex; align-items: center; gap: 6px;
      min-height: 44px; padding: 0 18px 0 14px; border-radius: 22px; background: var(--brand-strong); color: #fff; font-size: var(--s);
      font-weight: 600; box-shadow: var(--shadow); }

    .bottom { display: flex; flex-direction: column; min-height: 0; max-height: 75%; padding: 8px 12px max(8px, env(safe-area-inset-bottom)); border-top: 1px solid var(--line); background: var(--surface); }
    .above { min-height: 0; overflow-y: auto; }
    .bottom > :not(.above) { flex: none; }
    .consent, .file-note, .voice-note { margin: 2px 4px 8px; font-size: var(--s); line-height: 1.55; color: var(--muted); }
    .voice-note { color: var(--text); }
    .voice-note.trouble, .file-note { color: var(--bad); }
    .composer { display: flex; align-items: flex-end; gap: 4px; }
    .composer .icon-button { color: var(--brand); }
    .mic[aria-pressed=true] { background: var(--bad); color: var(--surface); animation: listen 1.6s infinite; }
    .composer .mic[aria-pressed=true], .composer .mic[aria-pressed=true]:hover { background: var(--bad); color: var(--surface); }
    @keyframes listen { 50% { box-shadow: 0 0 0 4px var(--line); } }
    .human-button { display: grid; place-items: center; align-content: center; min-width: var(--control); min-height: var(--control); border-radius: 12px; flex: none;
      color: var(--brand); font-size: calc(var(--s) - 1px); font-weight: 600; line-height: 1.2; }
    .human-button:hover, .composer .icon-button:hover { background: var(--raised); }
    .input { flex: 1; min-width: 0; min-height: var(--control); max-height: 132px; padding: 9px 14px; border: 1px solid var(--muted); border-radius: 14px;
      background: var(--sunken); line-height: 1.6; resize: none; }
    .input::placeholder { color: var(--muted); opacity: 1; white-space: nowrap; }
    .input:focus { outline: none; border-color: var(--brand); box-shadow: 0 0 0 2px var(--brand); }
    .send { display: grid; place-items: center; width: var(--control); height: var(--control); margin-left: 4px; flex: none; border-radius: 14px; background: var(--brand-strong);
      color: #fff; }
    .send:hover { filter: brightness(1.12); }
    .footer { margin-top: 7px; font-size: calc(var(--s) - 1px); line-height: 1.4; color: var(--muted); text-align: center; }

    .confirm { position: absolute; inset: 0; z-index: 3; display: grid; place-items: center; padding: 20px; background: rgba(10, 20, 35, .55); }
    .confirm-box { width: 100%; max-width: 360px; max-height: 100%; overflow-y: auto; padding: 22px; border-radius: 18px; background: var(--surface); box-shadow: var(--shadow); }
    .confirm-box h3 { font-size: var(--l); line-height: 1.45; }
    .confirm-box p { margin-top: 8px; color: var(--muted); font-size: calc(var(--s) + 1px); }
    .confirm-buttons { display: flex; flex-wrap: wrap; gap: 10px; margin-top: 20px; }
    .confirm-buttons button { flex: 1; min-width: min-content; min-height: 48px; padding: 4px 12px; line-height: 1.35; border-radius: 12px; font-weight: 600; }
    .plain { background: var(--raised) !important; }
    .primary { background: var(--brand-strong) !important; color: #fff; }
    .choices { display: grid; gap: 6px; margin-top: 14px; }
    .choices label { display: flex; align-items: center; gap: 10px; min-height: 44px; padding: 4px 12px; border: 1px solid var(--line);
      border-radius: 12px; cursor: pointer; }
    .choices label:hover, .choices label:focus-within { border-color: var(--brand); }
    .choices input { width: 20px; height: 20px; margin: 0; flex: none; accent-color: var(--brand); }
    .rating-comment { width: 100%; margin-top: 10px; padding: 8px 12px; border: 1px solid var(--muted); border-radius: 12px;
      background: var(--sunken); resize: vertical; }
    .confirm-box [role=alert] { color: var(--bad); }
    .steps { margin-top: 12px; padding-left: 1.4em; }
    .steps li + li { margin-top: 4px; }
    .code-box { display: grid; justify-items: center; gap: 8px; margin-top: 14px; text-align: center; }
    .code-box p { margin-top: 0; }
    .code { display: block; border-radius: 12px; background: #fff; }
    .code-left { font-variant-numeric: tabular-nums; }
    .rate { flex: none; min-height: 44px; background: var(--agent); color: var(--on-agent); font-size: calc(var(--s) + 1px);
      text-decoration: underline; text-underline-offset: 3px; }
    .danger { background: #b3261e !important; color: #fff; }

    @media (max-width: 600px) {
      :host(:not([mode=page])) .panel, :host([large]:not([mode=page])) .panel { inset: 0 0 auto 0; width: 100%; height: var(--viewport-height, 100vh);
        border: 0; border-radius: 0; padding-top: env(safe-area-inset-top);
        background: var(--surface); }
      :host([mode=page]) .panel { border-left: 0; border-right: 0; border-radius: 0; }
      .entry .body { max-width: 88%; }
      .entry[data-author=bot] .body, .entry[data-author=agent] .body { max-width: calc(100% - 44px); }
      .launcher { right: 16px; bottom: max(16px, env(safe-area-inset-bottom)); }
      .scroll { padding: 16px 12px 8px; }
      .mark { display: none; }
      .header { padding-left: 16px; }
    }
    @media (max-width: 360px) {
      :host([attachments]) .composer { flex-wrap: wrap; }
      :host([attachments]) .input { order: -1; flex: 1 0 100%; }
      :host([attachments]) .send { margin-left: auto; }
    }
    @media (max-width: 420px) {
      :host([attachments][large]) .composer { flex-wrap: wrap; }
      :host([attachments][large]) .input { order: -1; flex: 1 0 100%; }
      :host([attachments][large]) .send { margin-left: auto; }
    }
    @media (max-width: 600px) {
      @supports (height: 100dvh) { :host(:not([mode=page])) .panel, :host([large]:not([mode=page])) .panel { height: var(--viewport-height, 100dvh); } }
    }
    @media (prefers-reduced-motion: reduce) {
      *, *::before, *::after { animation: none !important; transition: none !important; }
      .dots i { opacity: .7; }
    }
    @media (forced-colors: active) {
      .bubble, .launcher, .send, .chip, .buttons button { border: 1px solid CanvasText; }
    }
  `;

  /** Constructed sheets pass `style-src 'self'`; browsers without them get a <style> that carries the page's nonce. */
  function applyStyles(root, nonce) {
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(CSS);
      root.adoptedStyleSheets = [sheet];
    } catch (unsupported) {
      root.append(h('style', { nonce: nonce || null }, CSS));
    }
  }

  customElements.define('tax-chat', TaxChat);
})();
