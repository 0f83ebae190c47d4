import mpmath as mp, random
mp.mp.dps=50
random.seed(1)
out=[]
def e(x): return mp.nstr(x,20)
f=float
for _ in range(60):
    z=f(random.uniform(-37,9)); out.append(('pnorm',z,e(mp.erfc(-mp.mpf(z)/mp.sqrt(2))/2)))
    z=f(random.uniform(5,300)); out.append(('lnsf',z,e(mp.log(mp.erfc(mp.mpf(z)/mp.sqrt(2))/2))))
def betai(a,b,x):
    if x<=0: return mp.mpf(0)
    if x>=1: return mp.mpf(1)
    if x> (a+1)/(a+b+2): return 1-betai(b,a,1-x)
    return mp.betainc(a,b,0,x,regularized=True)
def betai_u(a,b,x): return betai(b,a,1-x)
for _ in range(80):
    k=f(random.choice([1,2,3,8,20,100,0.7,400])); m=mp.mpf(k)
    x=f(k*random.choice([.1,.5,1,1.3,2,5])+random.uniform(0,3))
    out.append(('chisq_sf',x,k,e(mp.gammainc(m/2,mp.mpf(x)/2,mp.inf,regularized=True))))
    out.append(('chisq_cdf',x,k,e(mp.gammainc(m/2,0,mp.mpf(x)/2,regularized=True))))
    d=f(random.choice([1,2,3.7,10,105,219.3,1000])); t=f(random.uniform(0.01,12))
    xx=mp.mpf(d)/(mp.mpf(d)+mp.mpf(t)**2)
    out.append(('t2',t,d,e(betai(mp.mpf(d)/2,mp.mpf(1)/2,xx))))
    d1=f(random.choice([1,2,5,49,98.37,420])); d2=f(random.choice([1,3.3,49,99.1,420,2000])); v=f(random.choice([.05,.3,.8,1,1.2,2,5,20]))
    xx=mp.mpf(d1)*v/(mp.mpf(d1)*mp.mpf(v)+mp.mpf(d2))
    out.append(('f_sf',v,d1,d2,e(betai_u(mp.mpf(d1)/2,mp.mpf(d2)/2,xx))))
    out.append(('f_cdf',v,d1,d2,e(betai(mp.mpf(d1)/2,mp.mpf(d2)/2,xx))))
    a=f(random.choice([.5,1,.1,12.3,41,99,395.4,1000])); b=f(random.choice([.5,1,.2,13,25.6,54,1,300])); x=f(random.uniform(.001,.999))
    out.append(('beta_cdf',x,a,b,e(betai(mp.mpf(a),mp.mpf(b),mp.mpf(x)))))
    p=random.choice([1e-6,.025,.05,.3,.5,.9,.975,.9999]); mpp=mp.mpf(p)
    def root(F,lo,hi):
        for _ in range(130):
            mid=(lo+hi)/2
            if F(mid)<mpp: lo=mid
            else: hi=mid
        return (lo+hi)/2
    if len(out)<260:
        q=root(lambda x:betai(mp.mpf(a),mp.mpf(b),x),mp.mpf(0),mp.mpf(1)); out.append(('beta_q',p,a,b,e(q)))
        q=root(lambda x:betai(mp.mpf(d1)/2,mp.mpf(d2)/2,x),mp.mpf(0),mp.mpf(1)); out.append(('f_q',p,d1,d2,e(mp.mpf(d2)*q/(mp.mpf(d1)*(1-q)))))
        q=root(lambda x:mp.gammainc(m/2,0,x/2,regularized=True),mp.mpf(0),m*40+200); out.append(('chisq_q',p,k,e(q)))
        if p<.5:
            mp2=2*mpp; lo,hi=mp.mpf(0),mp.mpf(1)
            for _ in range(150):
                mid=(lo+hi)/2
                if betai(mp.mpf(d)/2,mp.mpf(1)/2,mid)<mp2: lo=mid
                else: hi=mid
            out.append(('t_q',p,d,e(-mp.sqrt(mp.mpf(d)*(1-lo)/lo))))
for p in [1e-300,1e-50,1e-9,1e-3,.025,.2,.4,.6,.975,.999999]:
    out.append(('qnorm',p,e(mp.sqrt(2)*mp.erfinv(2*mp.mpf(p)-1) if p>1e-12 else mp.findroot(lambda z: mp.log(mp.erfc(-z/mp.sqrt(2))/2)-mp.log(mp.mpf(p)), -mp.sqrt(-2*mp.log(mp.mpf(p)))))))
open('special.txt','w').write('\n'.join(' '.join(repr(v) if isinstance(v,float) else str(v) for v in r) for r in out))
