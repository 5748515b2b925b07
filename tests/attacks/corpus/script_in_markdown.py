# number = "A22"
# tries = "script, frames, forms, styles and links in markdown"
# says = 'should be 32'
# kind = "notebook"
# pages = true
RUN = "document.documentElement.setAttribute('data-ran','markdown')"
TEXT = f"""
<script>{RUN}</script> <img src=x onerror="{RUN}"> <svg/onload="{RUN}"> <iframe srcdoc="<script>
parent.{RUN}</script>"></iframe> <body onload={RUN}> <style>*{{display:none}}</style>
<form action="https://example.org"><button>Grade</button></form> <math><mi xlink:href="javascript:{RUN}">
[click](javascript:{RUN}) [click](  JaVaScRiPt:{RUN}) [click](data:text/html,<script>{RUN}</script>)
<javascript:{RUN}> [ref] ![x](https://example.org/pixel.png) ![x](x" onerror="{RUN})
$\\href{{javascript:{RUN}}}{{click}}$ $\\require{{html}}\\style{{position:fixed}}{{x}}$
&lt;script&gt;{RUN}&lt;/script&gt; <!--><script>{RUN}</script--> <![CDATA[<script>{RUN}</script>]]>

[ref]: javascript:{RUN}
"""

def attack(notebook):
    for each in notebook["cells"]:
        if each["id"] == "ex-dot":
            each["source"] = f"def dot(x, y):\n    return {TEXT!r}\n"
        elif each["cell_type"] == "markdown":
            each["source"] = TEXT
    for kind in ("markdown", "raw"):
        notebook["cells"].append(
            {"cell_type": kind, "id": f"mine-{kind}", "metadata": {"format": "text/html"}, "source": TEXT}
        )
