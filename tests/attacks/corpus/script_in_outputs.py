# number = "A22"
# tries = "script in every kind of output"
# says = 'should be 32'
# kind = "notebook"
# pages = true
RUN = "document.documentElement.setAttribute('data-ran','output')"
HTML = f"<script>{RUN}</script><img src=x onerror=\"{RUN}\">"
OUTPUTS = [
    {"output_type": "display_data", "metadata": {}, "data": {"text/html": HTML, "text/plain": HTML}},
    {"output_type": "display_data", "metadata": {}, "data": {"application/javascript": RUN}},
    {"output_type": "display_data", "metadata": {}, "data": {"image/svg+xml": f"<svg onload='{RUN}'/>"}},
    {"output_type": "display_data", "metadata": {}, "data": {"text/markdown": HTML, "text/latex": HTML}},
    {"output_type": "display_data", "metadata": {"image/png": {"width": f'1" onload="{RUN}'}},
     "data": {"image/png": f'x" onerror="{RUN}'}},
    {"output_type": "stream", "name": "stderr", "text": "\x1b[31m" + HTML},
    {"output_type": "error", "ename": HTML, "evalue": HTML, "traceback": [HTML]},
    {"output_type": HTML, "data": HTML},
]

def attack(notebook):
    for each in notebook["cells"]:
        if each["cell_type"] == "code":
            each["outputs"] = OUTPUTS
        if each["id"] == "ex-dot":
            each["source"] = "def dot(x, y):\n    return -7.0\n"
