"""The words of the files that lists are exported to: titles, headings, and what codes mean to a reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

Lang: TypeAlias = Literal["zh-CN", "en"]
Kind: TypeAlias = Literal["text", "number", "flag", "day", "time", "list", "contacts", "limits", "until"]


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the field it shows, its headings, what its value is, and the table of its codes' words."""

    name: str
    zh: str
    en: str
    kind: Kind = "text"
    codes: str | None = None

    def heading(self, lang: Lang) -> str:
        """Return its heading."""
        return self.zh if lang == "zh-CN" else self.en


@dataclass(frozen=True, slots=True)
class Listed:
    """One list as a file."""

    name: str
    zh: str
    en: str
    columns: tuple[Column, ...]

    def title(self, lang: Lang) -> str:
        """Return its title."""
        return self.zh if lang == "zh-CN" else self.en


_OPERATOR = Column("operator_id", "企业编号", "Operator id")
_FIRM = Column("operator_name", "燃气经营企业", "Operator")
_AREA_CODE = Column("area_code", "行政区划代码", "Area code")
_AREA = Column("area_name", "行政区划", "Area")
_SITE = Column("site_id", "场所编号", "Site id")
_GAS = Column("gas", "气种", "Gas", codes="gas")
_SITE_KIND = Column("kind", "场所类型", "Kind of site", codes="site_kind")
_ADDRESS = Column("address", "地址", "Address")

OPERATORS = Listed(
    "operators",
    "燃气经营企业",
    "Operators",
    (
        _OPERATOR,
        Column("name", "企业名称", "Name"),
        Column("credit_code", "统一社会信用代码", "Unified social credit code"),
        _AREA_CODE,
        _AREA,
    ),
)
LICENCES = Listed(
    "licences",
    "燃气经营许可证",
    "Licences",
    (
        Column("licence_id", "许可证编号", "Licence id"),
        Column("number", "许可证号", "Number"),
        _OPERATOR,
        _FIRM,
        Column("class", "经营类别", "Class", codes="class"),
        Column("state", "状态", "State", codes="state"),
        Column("area_codes", "经营区域", "Licensed areas", "list"),
        Column("valid_from", "有效期起", "Valid from", "day"),
        Column("valid_to", "有效期止", "Valid to", "day"),
        Column("issued_by", "发证机关", "Issued by"),
        Column("issued_on", "发证日期", "Issued on", "day"),
        Column("renewal_filed_on", "延续申请日期", "Renewal filed on", "day"),
        Column("state_reason", "状态说明", "Reason of the state"),
        _AREA_CODE,
        _AREA,
    ),
)
SITES = Listed(
    "sites",
    "用气场所和场站",
    "Sites",
    (
        _SITE,
        Column("name", "场所名称", "Name"),
        _SITE_KIND,
        _OPERATOR,
        _FIRM,
        _AREA_CODE,
        _AREA,
        _ADDRESS,
        Column("longitude", "经度(WGS-84)", "Longitude (WGS-84)", "number"),
        Column("latitude", "纬度(WGS-84)", "Latitude (WGS-84)", "number"),
        Column("obliged", "应当安装报警器", "Obliged", "flag"),
        Column("auto_close", "平台自动切断", "Closed automatically", "flag"),
        _GAS,
        Column("altitude_m", "海拔(米)", "Altitude (m)", "number"),
        Column("business_hours", "营业时间", "Business hours"),
        Column("contacts", "联系人", "Contacts", "contacts"),
        Column("planning_approval", "规划审批文号", "Planning approval"),
        Column("planning_approved_on", "规划审批日期", "Approved on", "day"),
    ),
)
DEVICES = Listed(
    "devices",
    "设备",
    "Devices",
    (
        Column("device_id", "设备编号", "Device id"),
        Column("kind", "设备类型", "Kind", codes="device_kind"),
        _SITE,
        Column("site_name", "场所名称", "Site"),
        Column("zone", "阀区", "Zone"),
        _OPERATOR,
        _FIRM,
        _AREA_CODE,
        _AREA,
        _GAS,
        Column("lel_basis_volpct", "LEL 基准(vol%)", "LEL basis (vol%)", "number"),
        Column("controller_id", "报警控制器编号", "Controller id"),
        Column("client_id", "通信身份", "Client id"),
        Column("model", "型号", "Model"),
        Column("serial", "出厂编号", "Serial number"),
        Column("installed_on", "安装日期", "Installed on", "day"),
        Column("heartbeat_s", "心跳间隔(秒)", "Heartbeat (s)", "number"),
        Column("limits", "设计限值", "Limits", "limits"),
        Column("active", "在用", "Active", "flag"),
        Column("maintenance", "维护至", "Maintained until", "until"),
        Column("retired_on", "报废日期", "Retired on", "day"),
        Column("revoked", "证书已吊销", "Certificates revoked", "flag"),
        Column("registered_at", "登记时间", "Registered at", "time"),
    ),
)
UNLICENSED = Listed(
    "unlicensed",
    "无证经营线索",
    "Unlicensed",
    (
        _OPERATOR,
        Column("name", "企业名称", "Name"),
        Column("reason", "原因", "Reason", codes="reason"),
        Column("since", "起始日期", "Since", "day"),
        Column("state", "状态", "State", codes="proposal"),
        Column("area_codes", "行政区划代码", "Area codes", "list"),
        Column("evidence_text", "证据", "Evidence"),
        Column("licence_ids", "许可证编号", "Licence ids", "list"),
        Column("site_ids", "场所编号", "Site ids", "list"),
        Column("at", "查询日期", "On", "day"),
    ),
)
MISSING = Listed(
    "coverage-missing",
    "应装未装用户",
    "Obliged sites without a working alarm or valve",
    (
        _SITE,
        Column("name", "场所名称", "Name"),
        _SITE_KIND,
        _OPERATOR,
        _FIRM,
        _AREA_CODE,
        _AREA,
        _ADDRESS,
        Column("reasons", "缺少", "Lacks", "list", "lack"),
    ),
)
COVERAGE = Listed(
    "coverage",
    "报警器和切断阀安装覆盖",
    "Coverage",
    (
        Column("group", "分组", "Group", codes="site_kind"),
        _AREA,
        _FIRM,
        Column("obliged", "应装用户", "Obliged", "number"),
        Column("covered", "已覆盖", "Covered", "number"),
        Column("uncovered", "未覆盖", "Not covered", "number"),
        Column("percent", "覆盖率(%)", "Coverage (%)", "number"),
        Column("overdue", "检定逾期", "Check overdue", "number"),
        Column("homes", "居民用户", "Homes", "number"),
        Column("homes_covered", "居民已安装", "Homes covered", "number"),
    ),
)
_ALL = (OPERATORS, LICENCES, SITES, DEVICES, UNLICENSED, MISSING, COVERAGE)
LISTS = {listed.name: listed for listed in _ALL}

# What a file says of itself, Chinese and English.
SAID: Mapping[str, tuple[str, str]] = {
    "about": ("说明", "About"),
    "list": ("列表", "List"),
    "scope": ("数据范围", "Scope"),
    "filter": ("筛选条件", "Filter"),
    "exported_at": ("导出时间(北京时间)", "Exported at (Beijing time)"),
    "exporter": ("导出人", "Exported by"),
    "rows": ("行数", "Rows"),
    "cut": (
        "仅前 {rows} 行,其余未导出,请缩小筛选范围",
        "the first {rows} only: narrow the filter for the others",
    ),
    "all": ("全部", "all"),
    "no_filter": ("无", "none"),
    "yes": ("是", "yes"),
    "no": ("否", "no"),
    "q": ("搜索", "search"),
    "area": ("行政区划", "area"),
    "at": ("日期", "on"),
    "group_by": ("分组方式", "grouped by"),
    "known_at": ("按当时所知", "as known at"),
    "expiring_within": ("到期天数内", "expires within days"),
}


def said(name: str, lang: Lang) -> str:
    """Return one of these words."""
    zh, en = SAID[name]
    return zh if lang == "zh-CN" else en


# In English a code is its own word.
CODES: Mapping[str, Mapping[str, str]] = {
    "site_kind": {
        "restaurant": "餐饮",
        "canteen": "食堂",
        "market": "市场",
        "hotel": "酒店",
        "hospital": "医院",
        "school": "学校",
        "factory": "工厂",
        "gate_station": "门站",
        "regulating_station": "调压站",
        "lng_station": "LNG储备站",
        "lpg_station": "液化石油气充装站",
        "pipeline": "管道",
        "residential": "居民用户",
    },
    "device_kind": {
        "detector": "可燃气体探测器",
        "valve": "紧急切断阀",
        "regulator": "调压器",
        "tank": "储罐",
        "vaporizer": "气化器",
        "flow_meter": "流量计",
        "odorizer": "加臭装置",
        "controller": "报警控制器",
    },
    "gas": {"CH4": "天然气", "LPG": "液化石油气", "C3H8": "丙烷", "C4H10": "丁烷", "CO": "一氧化碳"},
    "class": {"pipeline": "管道燃气", "bottled": "瓶装燃气", "vehicle": "汽车加气站", "other": "其他"},
    "state": {
        "applied": "申请中",
        "valid": "有效",
        "renewal_pending": "延续审查中",
        "expired": "已过期",
        "suspended": "暂停",
        "withdrawn": "已撤回",
        "annulled": "已撤销",
        "revoked": "已吊销",
        "deregistered": "已注销",
    },
    "reason": {
        "never_licensed": "从未取得许可",
        "expired": "许可证过期",
        "out_of_class": "超出许可类别",
        "out_of_area": "超出许可区域",
        "borrowed": "借用他人许可证",
        "withdrawn": "许可已撤回",
        "annulled": "许可已撤销",
        "revoked": "许可已吊销",
        "suspended": "许可暂停",
        "deregistered": "许可已注销",
        "no_planning_approval": "场站无规划审批",
    },
    "proposal": {"proposed": "待人工核实"},
    "lack": {
        f"{kind}_{fault}": word + why
        for kind, word in (("detector", "探测器"), ("valve", "切断阀"))
        for fault, why in (
            ("missing", "未安装"),
            ("not_installed", "尚未到安装日期"),
            ("retired", "已报废"),
            ("blocked", "未启用(气种不符)"),
            ("past_life", "超过使用年限"),
            ("test_failed", "检验不合格"),
        )
    },
}
