/** Fields of an incident that a column of a ledger may hold. */
export const incidentFields = [
  'id',
  'reportedAt',
  'closedAt',
  'lon',
  'lat',
  'category',
  'mainCategory',
  'stage',
  'department',
  'severity',
  'channel',
  'description',
  'address',
] as const
export type IncidentField = (typeof incidentFields)[number]

export const areaFields = ['code', 'name', 'parent', 'households'] as const
export type AreaField = (typeof areaFields)[number]

interface ColumnWords {
  /** Whole names without spaces and signs, the commonest first. */
  names: string
  /** Names that only hold these words. */
  like: RegExp
}

/** Names in ledgers of Chinese cities and in 311 files. */
export const incidentWords: Readonly<Record<IncidentField, ColumnWords>> = {
  id: {
    names: `id 编号 事件编号 案件编号 案卷号 案卷编号 任务号 任务编号 工单编号 工单号 受理编号 受理号 流水号 立案号
      事项编号 诉求编号 caseid casenumber caseno servicerequestid servicerequestnumber srnumber requestid ticketid
      ticket uniquekey uniqueid eventid incidentid caseenquiryid 序号 objectid globalid fid uid`,
    like: /编号$|单号$|案号$|流水号|案卷号|(?:case|request|ticket|incident|event).*(?:id|no|number)$/,
  },
  reportedAt: {
    names: `上报时间 受理时间 报案时间 登记时间 创建时间 上报日期 受理日期 发现时间 发生时间 来电时间 诉求时间 投诉时间
      采集时间 立案时间 reportedat reported opened openedat openeddate opendt opendate createdat createddate created
      creationdate requesteddatetime requestdate requestdatetime receiveddate datereceived submitteddate datecreated
      reporteddate reportdate reporttime 时间 日期 date datetime time`,
    like: /(?:上报|受理|报案|登记|创建|发现|发生|来电|诉求|投诉|采集|录入|建单).*(?:时间|日期)|(?:open|report|creat|request|receiv|submit).*(?:date|time|dt|at|on)$/,
  },
  closedAt: {
    names: `结案时间 办结时间 关闭时间 完成时间 结案日期 办结日期 归档时间 处置完成时间 办理完成时间 closedat closed
      closeddate closedt closedatetime closedate closureddate resolvedat resolved resolutiondate completedat completed
      completiondate dateclosed datecompleted closedtime`,
    like: /(?:结案|办结|关闭|完成|归档|办毕).*(?:时间|日期)|(?:clos|resol|complet).*(?:date|time|dt|at|on)$/,
  },
  lon: {
    names: `经度 longitude lng lon long x x坐标 坐标x 经度坐标 gps经度 经度x 经度lng 东经 coordx pointx geox gpsx xcoord
      xcoordinate lonwgs84`,
    like: /经度|longitude|^lng|^lon(?:g|$)|横坐标|^x(?:coord|坐标)|坐标x/,
  },
  lat: {
    names: `纬度 latitude lat y y坐标 坐标y 纬度坐标 gps纬度 纬度y 纬度lat 北纬 coordy pointy geoy gpsy ycoord
      ycoordinate latwgs84`,
    like: /纬度|latitude|^lat(?:$|[^e])|纵坐标|^y(?:coord|坐标)|坐标y/,
  },
  category: {
    names: `小类 小类名称 问题小类 事件小类 案件小类 诉求小类 子类 二级分类 二级类别 subcategory 类别 问题类别 事件类别 案件类别 事项类别 类型 问题类型 事件类型
      案件类型 诉求类型 category categoryname complainttype requesttype servicename servicetype casetype type
      issuetype srtype 问题分类 诉求分类 大类 大类名称 问题大类 class`,
    like: /小类|子类|类别|类型|分类|category|(?:complaint|request|service|case|issue)(?:type|name)/,
  },
  /** The branch beside the leaf. Alone it is the category itself. */
  mainCategory: {
    names: `大类 大类名称 问题大类 事件大类 案件大类 诉求大类 一级分类 一级类别 maincategory parentcategory
      categorygroup category`,
    like: /大类|一级(?:分类|类别|类型)|maincategory|parentcategory/,
  },
  stage: {
    names: `状态 案件状态 事件状态 办理状态 处理状态 当前状态 工单状态 阶段 当前阶段 案件阶段 办理阶段 status state
      stage casestatus requeststatus currentstatus`,
    like: /状态|阶段|环节|status|stage$/,
  },
  department: {
    names: `处置部门 责任部门 责任单位 主办单位 承办单位 处置单位 主责部门 办理单位 承办部门 主办部门 专业部门 部门
      department departmentname agency agencyname responsibleagency owner ownerdepartment casegroup`,
    like: /(?:处置|责任|主办|承办|办理|主责).*(?:部门|单位)|department|agency/,
  },
  severity: {
    names: `紧急程度 严重程度 案件等级 等级 优先级 severity priority urgency`,
    like: /程度|等级|severity|priority|urgency/,
  },
  channel: {
    names: `来源 问题来源 案件来源 事件来源 诉求来源 信息来源 渠道 受理渠道 上报渠道 受理方式 channel source
      casesource methodreceived requestsource origin opendatachanneltype methodreceiveddescription`,
    like: /来源|渠道|channel|source$|methodreceived/,
  },
  description: {
    names: `问题描述 事件描述 案件描述 描述 诉求内容 问题内容 事件内容 事项内容 内容 反映内容 情况描述 案情描述 标题
      description descriptor details requestdetails statusnotes comments summary subject title 备注`,
    like: /描述|内容|descri|details?$|summary/,
  },
  address: {
    names: `地址 事发地址 发生地址 案发地址 问题地址 详细地址 事发地点 发生地点 地点 位置 位置描述 事发位置 案发位置
      address incidentaddress streetaddress fulladdress location locationaddress 路段`,
    like: /地址|地点|位置|address|location/,
  },
}

export const areaWords: Readonly<Record<AreaField, ColumnWords>> = {
  code: {
    names: `编码 代码 区域编码 网格编码 网格编号 网格代码 区划代码 行政区划代码 社区编码 社区代码 街道编码 街道代码
      区县代码 code areacode gridcode gridid geoid id bm dm wgbm wgdm xzqdm objectcode`,
    like: /(?:网格|社区|街道|区划|区县|单元).*(?:编码|编号|代码)|code$|geoid/,
  },
  name: {
    names: `名称 区域名称 网格名称 社区名称 街道名称 区县名称 name areaname gridname fullname mc wgmc xzqmc label
      nhood neighborhood analysisneighborhood`,
    like: /名称$|name$/,
  },
  parent: {
    names: `上级编码 上级代码 上级 父级编码 父编码 上级区划代码 所属社区编码 所属街道编码 所属社区 所属街道 社区编码
      parent parentcode parentid parentareacode sjbm sjdm pid`,
    like: /^上级|^父|^所属.*(?:编码|代码)|parent/,
  },
  households: {
    names: `户数 住户数 居民户数 总户数 户籍户数 households householdcount hh`,
    like: /户数|household/,
  },
}

/** Words in the names of columns or files that tell the level. */
export const levelWords = [
  ['grid', /网格|grid/],
  ['community', /社区|居委|村委|community|neighbou?rhood|nhood/],
  ['subdistrict', /街道|乡镇|subdistrict|township/],
  ['district', /区县|(?:^|[^社街])区(?:界|划)|district|county/],
  ['city', /城市|市界|市域|city/],
] as const

/** Words for stages, as ledgers write them. */
export const stageWords: readonly (readonly [stage: string, words: string])[] = [
  [
    'closed',
    `结案 已结案 核实结案 办结 已办结 已完成 完成 已关闭 关闭 归档 已归档 closed completed complete resolved done finished
     caseclosed`,
  ],
  [
    'rejected',
    `不予立案 不立案 不受理 不予受理 作废 已作废 退回 无效 rejected cancelled canceled invalid declined voided`,
  ],
  ['merged', `并案 已并案 重复 重复件 duplicate merged duplicateclosed`],
  [
    'handled',
    `已处置 处置完成 处置反馈 待核查 待核实结案 待结案 已反馈 已处理 待回访 handled fixed awaitingcheck`,
  ],
  [
    'dispatched',
    `派遣 已派遣 待处置 处置中 办理中 处理中 在办 已派单 已转办 转办 已交办 dispatched inprogress assigned pending
     open active underway working acknowledged`,
  ],
  ['filed', `立案 已立案 待派遣 已受理 受理 已登记 filed accepted registered approved`],
  [
    'reported',
    `信息收集 上报 已上报 待受理 待核实 待立案 新上报 新建 reported new submitted received unassigned`,
  ],
]
