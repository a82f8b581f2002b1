"""Why something was refused, in Vietnamese: what the operating system and pydantic say in English."""

import errno
import socket
from collections.abc import Mapping
from typing import Any

_SYSTEM: Mapping[int, str] = {
    errno.EACCES: "không có quyền",
    errno.EPERM: "không có quyền",
    errno.ENOENT: "không có tệp hoặc thư mục này",
    errno.ENOTDIR: "đường dẫn đi qua một tệp, không phải thư mục",
    errno.EISDIR: "đây là một thư mục",
    errno.EEXIST: "đã có tệp cùng tên",
    errno.ENOSPC: "hết dung lượng đĩa",
    errno.EROFS: "ổ đĩa chỉ cho đọc",
    errno.EADDRINUSE: "đang có chương trình khác dùng",
    errno.EADDRNOTAVAIL: "máy này không có địa chỉ đó",
    errno.ECONNREFUSED: "máy chủ từ chối kết nối",
    errno.ECONNRESET: "máy chủ ngắt kết nối",
    errno.EHOSTUNREACH: "không có đường tới máy chủ",
    errno.ENETUNREACH: "không có đường tới máy chủ",
}

_VALUES: Mapping[str, str] = {
    "int_type": "cần một số nguyên",
    "int_parsing": "cần một số nguyên",
    "int_from_float": "cần một số nguyên",
    "float_type": "cần một số",
    "float_parsing": "cần một số",
    "bool_type": "cần true hoặc false",
    "bool_parsing": "cần true hoặc false",
    "greater_than": "phải lớn hơn {gt:g}",
    "greater_than_equal": "không được nhỏ hơn {ge:g}",
    "less_than": "phải nhỏ hơn {lt:g}",
    "less_than_equal": "không được lớn hơn {le:g}",
    "literal_error": "cần một trong: {expected}",
}


def of_system(error: OSError) -> str:
    """What the operating system refused; its own words where there are none of ours."""
    if isinstance(error, TimeoutError):
        return "quá thời gian chờ"
    if isinstance(error, socket.gaierror):
        return "không tìm thấy máy chủ có tên này"
    return _SYSTEM.get(error.errno or 0) or error.strerror or str(error)


def of_value(found: Mapping[str, Any]) -> str:
    """One finding of pydantic (`ErrorDetails`); a validator of ours has said it in Vietnamese already."""
    words = _VALUES.get(found["type"])
    if words is None:
        return str(found["msg"]).removeprefix("Value error, ")
    values = dict(found.get("ctx", {}))
    if "expected" in values:
        values["expected"] = str(values["expected"]).replace(" or ", ", ").replace("'", "")
    return words.format(**values)
