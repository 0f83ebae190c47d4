import csv,json
import numpy as np
from scipy import integrate
from sklearn.metrics import average_precision_score
rows=list(csv.DictReader(open('synth_predictions.csv')))
out={}
for s in ('train','internal','external','prospective'):
    for m in ('clinical','tumor','ln','clinrad'):
        y=np.array([int(r['alnm']) for r in rows if r['set']==s]); p=np.array([float(r[m]) for r in rows if r['set']==s])
        # Davis-Goadrich by numerical quadrature between points
        th=np.unique(p)[::-1]; tp=fp=0.0; area=0.0
        for t in th:
            e=float(((p==t)&(y==1)).sum()); d=float(((p==t)&(y==0)).sum())
            if e>0:
                sl=d/e
                f=lambda x: (tp+x)/(tp+x+fp+sl*x) if tp+x+fp>0 else 1/(1+sl)
                area+=integrate.quad(f,0,e,epsabs=1e-14,epsrel=1e-13)[0]
            tp+=e; fp+=d
        out[f'{s} {m}']=dict(average_precision=float(average_precision_score(y,p)),interpolated=area/float(y.sum()))
import sklearn,scipy
json.dump(dict(versions=dict(sklearn=sklearn.__version__,scipy=scipy.__version__),cases=out),open('precision_recall.json','w'),indent=0)
print(sklearn.__version__, scipy.__version__)
