"""Tài liệu kiểm chứng: `entering` takes a new document in, `documents` lists, shows and amends what is there."""

from fastapi import APIRouter

from app.web.proof import documents, entering

router = APIRouter(include_in_schema=False)
router.include_router(entering.router)  # before /evidence/{id}: "new" is no id
router.include_router(documents.router)
