# python special_tails.py COUNT SEED > special_tails.txt
# Tails by quadrature around the mode at 40 digits, without any incomplete function: function, arguments, value.
import mpmath as mp, random, sys, math
mp.mp.dps=40
def ln_int(lng, a, b, peak, width):
    # log of integral of exp(lng) on [a,b] (log-concave-ish), peak = where max in [a,b]
    m=lng(peak)
    f=lambda u: mp.exp(lng(u)-m)
    # expand outward until negligible
    pts=[peak]
    w=width
    x=peak
    step=w
    for _ in range(400):
        if x>=b: break
        nx=min(b,x+step); pts.append(nx); x=nx
        if lng(x)-m < -110: break
        step*=mp.mpf('1.5') if x-peak>20*w else 1
    x=peak; left=[]; step=w
    for _ in range(400):
        if x<=a: break
        nx=max(a,x-step); left.append(nx); x=nx
        if lng(x)-m < -110: break
        step*=mp.mpf('1.5') if peak-x>20*w else 1
    p=left[::-1]+pts
    return m+mp.log(mp.quad(f,p,maxdegree=6))
def ln_gamma_tail(a,x,upper):
    # in u = ln t : a u - e^u - lgamma(a)
    a=mp.mpf(a);x=mp.mpf(x)
    lg=mp.loggamma(a)
    g=lambda u: a*u-mp.exp(u)-lg
    u0=mp.log(x); pk=mp.log(a)
    def width(p):
        return min(1/mp.sqrt(a), 1/(abs(a-mp.exp(p))+mp.mpf(10)**-30), mp.mpf(3)) if True else 0
    if upper:
        p=max(u0,pk); return ln_int(g,u0,mp.mpf(10)**6,p,width(p))
    p=min(u0,pk); return ln_int(g,-mp.mpf(10)**7,u0,p,min(1/mp.sqrt(a),1/(abs(a-mp.exp(p))+mp.mpf(10)**-30)))
def ln_beta_tail(a,b,x,y,upper):
    # logit u: a*ln(s)+b*ln(1-s)
    a=mp.mpf(a);b=mp.mpf(b)
    lb=mp.loggamma(a)+mp.loggamma(b)-mp.loggamma(a+b)
    def sp(u): # ln(1+e^u)
        return mp.log1p(mp.exp(u)) if u<0 else u+mp.log1p(mp.exp(-u))
    g=lambda u: -a*sp(-u)-b*sp(u)-lb
    u0=mp.log(x)-mp.log(y); pk=mp.log(a)-mp.log(b)
    curv=mp.sqrt(1/a+1/b)
    def slope(p):
        s=1/(1+mp.exp(-p)); return abs(a*(1-s)-b*s)
    if upper:
        p=max(u0,pk); return ln_int(g,u0,mp.mpf(10)**7,p,min(curv,1/(slope(p)+mp.mpf(10)**-30)))
    p=min(u0,pk); return ln_int(g,-mp.mpf(10)**7,u0,p,min(curv,1/(slope(p)+mp.mpf(10)**-30)))
def cases(n,seed):
    random.seed(seed); R=random
    lu=lambda lo,hi: 10**R.uniform(math.log10(lo),math.log10(hi))
    for i in range(n):
        k=R.randrange(6)
        if k==0:
            df=lu(.1,1e9); z=R.choice([-1,1])*lu(.001,40); x=max(df*1e-3,df*(1+z*math.sqrt(2/df))) if R.random()<.7 else df*lu(1e-3,1e3)
            up=R.random()<.7
            yield ('ln_chisq_sf' if up else 'chisq_cdf',x,df), (lambda x=x,df=df,up=up: ln_gamma_tail(mp.mpf(df)/2,mp.mpf(x)/2,up))
        elif k in(1,2):
            df=lu(.1,1e9); t=lu(1e-3,60) if R.random()<.7 else lu(1,1e6)
            yield ('ln_t2',t,df),(lambda t=t,df=df: ln_beta_tail(mp.mpf(df)/2,mp.mpf(1)/2,mp.mpf(df),mp.mpf(t)**2,False))
        elif k==3:
            d1=lu(.1,1e9) if R.random()<.4 else float(R.randrange(1,200));d2=lu(.1,1e9)
            s=math.sqrt(2/d1+2/d2); f=math.exp(R.choice([-1,1,1])*lu(.01,40)*min(s,2))
            up=R.random()<.7
            yield ('ln_f_sf' if up else 'f_cdf',f,d1,d2),(lambda f=f,d1=d1,d2=d2,up=up: ln_beta_tail(mp.mpf(d1)/2,mp.mpf(d2)/2,mp.mpf(d1)*mp.mpf(f),mp.mpf(d2),up))
        else:
            a=lu(.1,1e8);b=lu(.1,1e8); s=math.sqrt(1/a+1/b)
            u=math.log(a/b)+R.choice([-1,1])*lu(.01,40)*min(s,2)
            x=1/(1+math.exp(-u)); up=R.random()<.5
            if x<=0 or x>=1: continue
            yield ('beta_sf' if up else 'beta_cdf',x,a,b),(lambda x=x,a=a,b=b,up=up: ln_beta_tail(a,b,mp.mpf(x),1-mp.mpf(x),up))
if __name__=="__main__":
    n=int(sys.argv[1]); seed=int(sys.argv[2])
    for c,f in cases(n,seed):
        try: v=f()
        except Exception as e: continue
        if not c[0].startswith('ln_'):
            if v<-690: continue
            v=mp.exp(v)
        print(' '.join([c[0]]+[repr(x) for x in c[1:]]+[mp.nstr(v,20)]),flush=True)
