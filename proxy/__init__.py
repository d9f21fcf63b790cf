"""NPV edge proxy: a SIP B2BUA that decides which number a French callee may see."""
