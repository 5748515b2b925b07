# number = ""
# tries = "cells that are no cells, in a notebook that is none"
# says = 'no definition|NotDoneYet|no answer'
# kind = "bytes"
import json

def attack(notebook):
    odd = [None, 7, "cell", [], {}, {"cell_type": []}, {"cell_type": "code", "source": {"a": 1}},
           {"cell_type": "code", "id": {}, "metadata": [], "source": [1, None]}]
    return json.dumps({"nbformat": "4", "metadata": [], "cells": odd * 300}).encode()
