# number = ""
# tries = "makes system calls in the 32-bit way, which a careless filter does not see"
# says = 'WorkerDied|kept out'
# walls = true
# needs = "seccomp on x86-64"
inside_the_sandbox()

import ctypes
import mmap

def dot(x, y):
    # mov eax, 310 (unshare); mov ebx, 0x10000000; int 0x80; ret
    code = b"\xb8\x36\x01\x00\x00\xbb\x00\x00\x00\x10\xcd\x80\xc3"
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    attempt(unshared=lambda: ctypes.CFUNCTYPE(ctypes.c_int)(address)() == 0)
