"""Chinese texts of complaints, comments and resolutions, from which ``demo.complaints`` draws.

``{product}`` in a template is replaced by one of PRODUCTS.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class ComplaintTemplate:
    """The texts of a complaint; ``resolution`` is the text of its closing."""

    title: str
    description: str
    resolution: str


PRODUCTS = (
    "互联网专线",
    "数据专线",
    "云主机",
    "固定电话",
    "物联网卡",
    "企业宽带",
    "短信业务",
    "视频会议",
)
COMPLAINT_TEMPLATES: tuple[ComplaintTemplate, ...] = (
    ComplaintTemplate(
        "{product}频繁中断",
        "客户反映{product}本周已中断三次，每次约二十分钟，影响正常办公，要求尽快查明原因并给出书面说明。",
        "经排查为接入侧光模块老化，已更换并连续观测四十八小时无异常，向客户提交了故障说明。",
    ),
    ComplaintTemplate(
        "{product}账单金额有误",
        "客户核对上月账单时发现{product}多计一个月费用，要求核实并退还多收部分。",
        "核实为合同变更当月重复计费，已办理退费，并修正计费规则，客户确认金额无误。",
    ),
    ComplaintTemplate(
        "{product}开通超过承诺时间",
        "客户申请{product}时承诺七个工作日开通，至今已超过十个工作日，客户经理未主动告知进度。",
        "协调施工班组当日完成开通，由客户经理上门致歉，并补偿当月费用。",
    ),
    ComplaintTemplate(
        "{product}速率达不到合同约定",
        "客户自行测速，{product}高峰时段速率只有合同约定的六成，要求按约定提供或调整资费。",
        "完成端口扩容，三个时段复测均达到合同约定速率，客户认可测试结果。",
    ),
    ComplaintTemplate(
        "客服热线长时间无人接听",
        "客户就{product}问题三次拨打客服热线，等候均超过十五分钟，转接后仍需重复说明情况。",
        "已为客户设立专属服务通道，并对值班安排进行调整，客服负责人电话致歉。",
    ),
    ComplaintTemplate(
        "{product}套餐宣传与实际不符",
        "客户称推介{product}时承诺赠送的增值服务实际需另行付费，要求按推介内容兑现。",
        "核对推介材料后确认表述不清，已按客户理解赠送一年服务，并下线原宣传材料。",
    ),
    ComplaintTemplate(
        "{product}故障报修处理缓慢",
        "客户报修{product}故障后四小时内无人联系，现场人员到达后又因备件不足再次延误。",
        "故障已修复，补充了本地备件，并将该客户列入优先保障名单。",
    ),
    ComplaintTemplate(
        "发票开具错误",
        "客户收到的{product}发票抬头与税号不符，财务无法入账，要求本月内重开。",
        "已作废原发票并重新开具电子发票，同步更正客户开票资料。",
    ),
)  # fmt: skip
COMMENTS = (
    "已联系客户了解详细情况，客户要求今日下班前答复。",
    "已转网络维护班组排查，等待反馈。",
    "现场人员已到达，正在测试线路。",
    "已向客户说明当前进展，客户表示可以等待。",
    "计费部门正在核对账单明细。",
    "客户补充了测试截图，已转交技术人员。",
)
REOPENING_TEXT = "回访时客户表示问题再次出现，重新处理。"
