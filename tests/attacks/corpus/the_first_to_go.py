# number = ""
# tries = "hides from the killer of processes when memory runs out"
# says = 'kept out'
# walls = true
inside_the_sandbox()

def lower(value):
    def way():
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write(value)
        return int(open("/proc/self/oom_score_adj").read()) < 0
    return way

def dot(x, y):
    attempt(never=lower("-1000"), less=lower("-1"))
