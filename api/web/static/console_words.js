// The console in Chinese: what it says in English is the key. Names of fields, steps and settings stay as the code writes them.

import { languageOf } from "./widget/strings.js";

const ZH = {
  "Tastemaker console": "Tastemaker 控制台",
  Shop: "店铺",
  Refresh: "刷新",
  Dark: "深色",
  Light: "浅色",
  Studio: "工作室",
  Page: "页面",
  Documentation: "文档",
  "Loading …": "加载中……",
  "Who are you?": "请证明身份",
  "The console asks for an API key with a role, such as viewer or admin.": "控制台需要带角色（如 viewer 或 admin）的 API 密钥。",
  "API key": "API 密钥",
  "Open the console": "打开控制台",
  "The service does not answer; try again.": "服务没有应答，请重试。",
  Console: "控制台",
  "No keys are asked for: whoever reaches this machine may see this page and ask as any user. The command “tastemaker keys create” makes the first key.":
    "没有要求密钥：能访问本机的人都可以看到此页，并以任何用户的身份提问。命令“tastemaker keys create”可创建第一个密钥。",
  State: "状态",
  ready: "就绪",
  starting: "启动中",
  degraded: "降级",
  down: "停用",
  ok: "正常",
  Answered: "已回答",
  Failed: "失败",
  "First items, p50": "首批商品 p50",
  "Whole answer, p95": "完整回答 p95",
  Items: "商品数",
  "Tastemaker {0}, this process since {1}. Latency and requests are of the last ones that this process remembers; with several workers each counts for itself.":
    "Tastemaker {0}，本进程自 {1} 起运行。延迟与请求只含本进程记得的最近若干次；有多个进程时各自计数。",
  Parts: "组成部分",
  "A part that is degraded or down is left out of answers, which say so.": "降级或停用的部分不参与回答，回答中会注明。",
  Part: "部分",
  "What serves it, or what is wrong": "由何提供，或有何问题",
  "Missing in answers": "回答中缺少",
  Requests: "请求数",
  Latency: "延迟",
  "By step, in the requests that are remembered.": "按步骤统计，限于记得的请求。",
  Step: "步骤",
  p50: "p50",
  p95: "p95",
  Most: "最大",
  Times: "次数",
  "p95 of {0}": "{0} 的 p95",
  "No requests yet.": "还没有请求。",
  "Recent requests": "最近的请求",
  "Words are counted and not kept; ids are hashed with a secret of this process; a value that is not the catalogue’s own is hidden.":
    "只计词数，不保留内容；编号用本进程的密钥散列；不属于目录的值会隐藏。",
  When: "时间",
  Who: "谁",
  Said: "说了",
  "Read as": "理解为",
  Trace: "过程",
  "{0} words": "{0} 个词",
  image: "张照片",
  audio: "段语音",
  video: "段视频",
  " or ": " 或 ",
  "{0} not applied": "{0} 项未采用",
  "without {0}: {1}": "缺少 {0}：{1}",
  "user {0}": "用户 {0}",
  stranger: "陌生人",
  "thread {0}": "对话 {0}",
  "{0} items": "{0} 件商品",
  "no items": "没有商品",
  "items {0}": "商品 {0}",
  "request {0}": "请求 {0}",
  "Catalogue and its language": "目录及其用语",
  "What can be asked for, and what each field may be called. Words are kept in their base form.": "可以问什么，以及每个字段可用的叫法。词以原形保存。",
  Fields: "字段",
  Field: "字段",
  Kind: "类型",
  "Also called": "又称",
  Values: "取值",
  price: "价格",
  number: "数字",
  text: "文本",
  list: "列表",
  bool: "是否",
  date: "日期",
  time: "时刻",
  "{0} to {1} {2}": "{0} 至 {1} {2}",
  "and {0} more": "另有 {0} 个",
  "taken for {0}": "视为 {0}",
  "Held for review": "待审",
  "Items that a check found something about are in no answer until somebody accepts them.": "检查发现问题的商品，在有人接受之前不会出现在任何回答中。",
  Item: "商品",
  Found: "发现",
  Since: "自",
  Accept: "接受",
  Reject: "拒绝",
  "Nothing waits for a decision.": "没有待决定的商品。",
  "This could not be decided; try again.": "未能作出决定，请重试。",
  Rules: "规则",
  "Rules of the business in use, in order, and a place to try others: nothing is stored.": "正在使用的业务规则（按顺序），也可以在此试用别的规则：不会保存。",
  "Rules in use": "正在使用的规则",
  Rule: "规则",
  What: "内容",
  always: "始终",
  "switched off": "已关闭",
  "No rules are in use.": "没有正在使用的规则。",
  "Rules to try, as they would stand in the file": "要试用的规则，写法与文件中相同",
  Request: "请求",
  User: "用户",
  "something with the sea": "有大海的东西",
  "a stranger": "陌生人",
  "Try them": "试用",
  "Trying …": "试用中……",
  "The list with these rules": "采用这些规则后的列表",
  Place: "位次",
  "Without rules": "不用规则时",
  "Placed by": "由何规则放置",
  new: "新增",
  "as before": "不变",
  "from {0}": "原第 {0} 位",
  "No longer listed: {0}": "不再列出：{0}",
  "This could not be tried; try again.": "未能试用，请重试。",
  "Training versions": "训练版本",
  "NDCG@10 on events held out by time. The command “tastemaker train --rollback VERSION” puts another to use.":
    "按时间留出的事件上的 NDCG@10。命令“tastemaker train --rollback VERSION”可换用另一版本。",
  Version: "版本",
  "Learnt from": "学习数据",
  "NDCG@10": "NDCG@10",
  Decision: "决定",
  "in use": "使用中",
  kept: "保留",
  "Nothing was trained yet.": "还没有训练过。",
  "Shops and keys": "店铺与密钥",
  "Secrets are hashed and cannot be shown.": "密钥已散列，无法显示。",
  "No keys are asked for.": "没有要求密钥。",
  Keys: "密钥",
  Key: "密钥",
  Name: "名称",
  May: "权限",
  Ends: "到期",
  "Last used": "上次使用",
  active: "有效",
  expired: "已过期",
  revoked: "已撤销",
  "Keys are listed for the role admin.": "密钥只对 admin 角色列出。",
  "There are no keys.": "没有密钥。",
};
const PLACE = "tastemaker-page:lang"; // the page's own choice

function kept(lang) {
  try {
    if (lang) localStorage.setItem(PLACE, lang);
    return localStorage.getItem(PLACE);
  } catch {
    return null; // a browser without storage: its own language at every visit
  }
}

/** The language that the address, an earlier visit or the browser asks for. */
export const languages = {
  chosen: languageOf(new URL(location.href).searchParams.get("lang") ?? kept()),
  get other() {
    return this.chosen === "zh" ? "English" : "中文";
  },
  turn() {
    this.chosen = this.chosen === "zh" ? "en" : "zh";
    kept(this.chosen);
  },
};

/** Return a text in the chosen language, with the values in its places. */
export function t(text, ...values) {
  const said = languages.chosen === "zh" && Object.hasOwn(ZH, text) ? ZH[text] : text;
  return said.replace(/\{(\d)\}/g, (_, place) => values[place]);
}
